"""Parameters of actions: typed, bounded, and refused in one sentence."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from protocols.actions import Action


class BadParameters(ValueError):
    """A parameter is missing or wrong; the message says which, and what was found."""


def parse_params(action: Action, raw: Mapping[str, Any]) -> BaseModel:
    """The action's parameters, checked, or BadParameters with one sentence."""
    try:
        return action.Params.model_validate(dict(raw))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"]) or "parameters"
        raise BadParameters(
            f"{action.slug}: {name} is {first['input']!r}: {first['msg']}"
        ) from None
