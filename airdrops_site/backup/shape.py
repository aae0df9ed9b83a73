"""What the facts of a backup must look like before anything is done by them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError, field_validator

from airdrops_site.backup.errors import BackupRefused


class Head(BaseModel):
    """The facts at the beginning of format 1."""

    model_config = ConfigDict(strict=True)

    program: str
    engine: str
    portable: bool
    made_at: str
    installation: str
    migrations: list[Annotated[list[str], Field(min_length=2, max_length=2)]]
    tables: dict[str, list[str]]

    @field_validator("made_at")
    @classmethod
    def _is_a_moment(cls, text: str) -> str:
        if datetime.fromisoformat(text).tzinfo is None:
            raise ValueError("it has no time zone")
        return text

    @field_validator("installation")
    @classmethod
    def _is_an_id(cls, text: str) -> str:
        return str(UUID(text))


class ChainSeen(BaseModel):
    """How far a network was watched."""

    slug: str
    watched_number: int | None


class Chain(BaseModel):
    """The positions of all of them."""

    networks: list[ChainSeen]


class Whole(Head):
    """The facts at its end as well."""

    members: dict[str, dict[str, Any]]
    rows: dict[str, NonNegativeInt]
    sequences: dict[str, NonNegativeInt]
    chain: Chain
    # What was set when it was made, of a member of its own.
    configuration: dict[str, str]


def require_shape(shape: type[Head], facts: Any) -> None:
    """BackupRefused that names the first fact that is missing or is none."""
    try:
        shape.model_validate(facts)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "manifest"
        raise BackupRefused(
            f"the backup's {where[:80]} is not as this program writes it ({first['msg'][:80]}); "
            "use another copy"
        ) from error
