"""A form field for each parameter of an action, made from what its model says of itself."""

import json
from collections.abc import Iterator
from typing import Any

from django import forms
from pydantic import BaseModel
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from protocols.descriptions import Parameter, describe_parameters
from scheduling.expressions.parsing import EXAMPLE

PREFIX = "param_"
_LONGEST = 2000
_YES_OR_NO = ("true", "false")


class JsonParameter(forms.JSONField):
    """A list or an object; empty is none given."""

    empty_values: Any = [None, ""]


def fields_of(model: type[BaseModel]) -> Iterator[tuple[str, forms.Field]]:
    """The fields, by the name they have in the form. None is required: each wallet may have it."""
    for one in describe_parameters(model):
        yield PREFIX + one.name, _field(one)


def as_typed(value: Any) -> Any:
    """A stored parameter as somebody would type it."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str | list | dict) else str(value)


def _field(one: Parameter) -> forms.Field:
    common: dict[str, Any] = {
        "required": False,
        "label": one.name.replace("_", " ").capitalize(),
        "help_text": _help(one),
    }
    if one.as_json:
        widget = UnfoldAdminTextareaWidget({"rows": 3})
        return JsonParameter(widget=widget, encoder=_Compact, **common)
    if choices := one.choices or (_YES_OR_NO if one.kind == "true or false" else ()):
        empty = ("", f"({one.default})" if one.default else "")
        named = [empty, *((choice, choice) for choice in choices)]
        return forms.ChoiceField(choices=named, widget=UnfoldAdminSelectWidget, **common)
    text = UnfoldAdminTextInputWidget({"autocomplete": "off", "spellcheck": "false"})
    return forms.CharField(max_length=_LONGEST, widget=text, **common)


def _help(one: Parameter) -> str:
    """What it is, what to write, and what holds if it is left empty."""
    unit = f" in {one.unit}" if one.unit else ""
    share = f", or a share like {EXAMPLE}" if one.unit == "base units" else ""
    written = "" if one.choices else _begun(f"{one.kind}{unit}{share}")
    bounds = f" ({one.bounds})" if one.bounds else ""
    if one.required:
        left_empty = "Required, here or at each wallet"
    else:
        left_empty = f"Left empty: {one.default}" if one.default else "May be left empty"
    parts = (_begun(one.meaning), written + bounds, left_empty)
    return ". ".join(part for part in parts if part) + "."


def _begun(text: str) -> str:
    """As the beginning of a sentence."""
    return text[:1].upper() + text[1:]


class _Compact(json.JSONEncoder):
    """As people write lists."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "separators": (", ", ": ")})
