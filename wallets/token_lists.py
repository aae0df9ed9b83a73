"""Published token lists, as their schema (https://uniswap.org/tokenlist.schema.json) has them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, ValidationError

MOST_BYTES = 20_000_000
_MOST_TOLD = 5


class TokenListError(ValueError):
    """A file that is no token list; the message says where and why."""


@dataclass(frozen=True, slots=True)
class ListedToken:
    """A token as a list or a person names it, not believed yet; `place` is where it stands."""

    chain_id: int
    address: str
    symbol: str
    name: str
    decimals: int
    place: str


@dataclass(frozen=True, slots=True)
class TokenList:
    """A published list; `source` says which it is, to be kept with what comes of it."""

    source: str
    tokens: tuple[ListedToken, ...]


class _Model(BaseModel):
    # A list carries more than we read: logos, tags, extensions.
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Version(_Model):
    major: StrictInt
    minor: StrictInt
    patch: StrictInt


class _Token(_Model):
    chainId: Annotated[StrictInt, Field(ge=1, le=2**63 - 1)]
    address: Annotated[StrictStr, Field(pattern=r"^0x[a-fA-F0-9]{40}$")]
    decimals: Annotated[StrictInt, Field(ge=0, le=255)]
    name: Annotated[StrictStr, Field(max_length=100)]
    symbol: Annotated[StrictStr, Field(min_length=1, max_length=32)]


class _List(_Model):
    name: Annotated[StrictStr, Field(min_length=1, max_length=100)]
    timestamp: StrictStr
    version: _Version
    tokens: list[_Token]


def read_token_list(text: bytes) -> TokenList:
    """The list in a file's bytes; TokenListError names the first things that are wrong with it."""
    if len(text) > MOST_BYTES:
        raise TokenListError(f"the file is larger than {MOST_BYTES // 1_000_000} MB")
    try:
        found = _List.model_validate_json(text)
    except ValidationError as error:
        raise TokenListError(f"this is no token list: {_told(error)}") from None
    version = found.version
    return TokenList(
        f"{found.name} {version.major}.{version.minor}.{version.patch}", tuple(_listed(found))
    )


def _listed(found: _List) -> Iterator[ListedToken]:
    for number, one in enumerate(found.tokens):
        yield ListedToken(
            chain_id=one.chainId,
            address=one.address,
            symbol=one.symbol,
            name=one.name,
            decimals=one.decimals,
            place=f"tokens[{number}]",
        )


def _told(error: ValidationError) -> str:
    errors = error.errors(include_url=False, include_input=False)
    parts = [
        f"{'.'.join(str(step) for step in one['loc']) or 'the file'}: {one['msg']}"
        for one in errors[:_MOST_TOLD]
    ]
    more = len(errors) - _MOST_TOLD
    return "; ".join(parts) + (f"; and {more} more" if more > 0 else "")
