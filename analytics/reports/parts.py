"""Other rooms of this floor, where they are."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any


def part(module: str, name: str) -> Callable[..., Any] | None:
    """A function of a room of this floor; None where that is not built."""
    try:
        there = find_spec(module) is not None
    except ModuleNotFoundError:
        return None
    return getattr(import_module(module), name, None) if there else None
