"""The rule sets there are: those shipped here, and the operator's own in a folder of theirs."""

import hashlib
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from django.conf import settings
from pydantic import ValidationError

from analytics.criteria.rule_sets import RuleSet

# A rule set is a page of text; a file that is not one is not read to its end.
MOST_BYTES = 1_000_000


class CriteriaError(ValueError):
    """What was asked about criteria cannot be done; one sentence, nothing was changed."""


@dataclass(frozen=True, slots=True)
class Found:
    """A rule set, whose it is, and the digest of the file that it was read from."""

    rules: RuleSet
    own: bool
    digest: str

    @property
    def source(self) -> str:
        """How an eligibility names it."""
        return f"{self.rules.slug} v{self.rules.version} ({self.rules.confidence})"


def all_rule_sets() -> list[Found]:
    """Shipped and own ones by slug; CriteriaError names the file that cannot be used."""
    shipped = {found.rules.slug: found for found in _shipped()}
    own: dict[str, Found] = {}
    for path in sorted(_folder().glob("*.toml")):
        found = read_rule_set(path)
        slug = found.rules.slug
        if slug in own or slug in shipped:
            raise CriteriaError(f"{path}: the slug {slug!r} is taken; give it another")
        own[slug] = found
    return sorted((shipped | own).values(), key=lambda found: found.rules.slug)


def get_rule_set(slug: str) -> Found:
    """The one with this slug; CriteriaError if there is none."""
    # A file of one's own that cannot be used stands in the way of no shipped one.
    known = {found.rules.slug: found for found in _shipped()}
    if slug not in known:
        known = {found.rules.slug: found for found in all_rule_sets()}
    if slug not in known:
        raise CriteriaError(f"there is no rule set {slug!r}; `criteria list` shows those there are")
    return known[slug]


def read_rule_set(path: Path) -> Found:
    """What a file says; CriteriaError with every mistake in it."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise CriteriaError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > MOST_BYTES:
        raise CriteriaError(f"{path} is larger than {MOST_BYTES} bytes: no rule set is")
    return parse_rule_set(content, str(path), own=True)


def parse_rule_set(content: bytes, where: str, *, own: bool) -> Found:
    """A rule set from the bytes of its file."""
    digest = hashlib.sha256(content).hexdigest()
    try:
        told = tomllib.loads(content.decode())
        if base := told.pop("extends", ""):
            told = _extended(base, told, where)
        return Found(RuleSet.model_validate(told), own, digest)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise CriteriaError(f"{where} is not TOML: {error}") from error
    except ValidationError as error:
        raise CriteriaError(f"{where}: {_mistakes(error)}") from error


def _extended(base: object, told: dict[str, Any], where: str) -> dict[str, Any]:
    """A shipped rule set with other networks, another time, or rules changed or added."""
    shipped = {found.rules.slug: found for found in _shipped()}
    if not isinstance(base, str) or base not in shipped:
        raise CriteriaError(f"{where}: extends {base!r}, which is none of {', '.join(shipped)}")
    found: dict[str, Any] = tomllib.loads(_text_of(base))
    if {"snapshot", "networks", "moments"} & told.keys():
        # Those were the blocks of another time, or of another network.
        found.pop("blocks", None)
    for key, value in told.items():
        both = isinstance(value, dict) and isinstance(found.get(key), dict)
        found[key] = {**found[key], **value} if both else value
    return {**found, "confidence": told.get("confidence", "approximate")}


def _text_of(slug: str) -> str:
    return (files("analytics.criteria") / "data" / f"{slug}.toml").read_text()


def _folder() -> Path:
    return Path(settings.CRITERIA_DIR)


@lru_cache(maxsize=1)
def _shipped() -> tuple[Found, ...]:
    folder = files("analytics.criteria") / "data"
    return tuple(
        parse_rule_set(one.read_bytes(), f"the shipped {one.name}", own=False)
        for one in sorted(folder.iterdir(), key=lambda one: one.name)
        if one.name.endswith(".toml")
    )


def _mistakes(error: ValidationError) -> str:
    said = []
    for one in error.errors(include_url=False):
        # The kinds of metrics stand in the place too, where no file has them.
        place = ".".join(str(part) for part in one["loc"])
        message = one["msg"].removeprefix("Value error, ")
        said.append(f"{place}: {message}" if place else message)
    return "; ".join(said[:10]) + ("; and more" if len(said) > 10 else "")
