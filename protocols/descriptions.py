"""Actions described from their own models: for commands, the console's form, and documentation."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from inspect import getdoc
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from protocols.actions import ERC20, Action, role_family
from protocols.models import Deployment, Protocol
from wallets.models import PolicyRule

# What a kind of parameter is called, and what to write.
_KINDS: Mapping[str, str] = {
    "amount": "a whole number above zero",
    "amount-or-zero": "a whole number",
    "address": "an address: 0x and 40 hex digits, with its capitals",
    "token": "native, or the address of a token",
    "hash": "0x and 64 hex digits",
}
_BASICS: Mapping[str, str] = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object, as JSON",
}
# What pydantic calls a bound, what a JSON schema does, and which of two is narrower.
_BOUNDS: Mapping[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "ge": ("minimum", max),
    "gt": ("exclusiveMinimum", max),
    "le": ("maximum", min),
    "lt": ("exclusiveMaximum", min),
}
# A clause that begins with a field: "`amount` of `token_in`, `keep` what is to remain".
_TOLD = re.compile(r"(?:^|[.,;:] )`(\w+)` ([^.,;:]+)")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter as a person needs it; `default` is as it would be typed."""

    name: str
    kind: str
    unit: str = ""
    required: bool = True
    default: str = ""
    bounds: str = ""
    choices: tuple[str, ...] = ()
    meaning: str = ""
    # Several values, as a JSON list, or an object.
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A network, and which of the roles that an action calls are enabled there."""

    network: str
    enabled: tuple[str, ...]
    missing: tuple[str, ...]


def describe_parameters(model: type[BaseModel]) -> tuple[Parameter, ...]:
    """The parameters of an action, in the order they were written."""
    told = _meanings(model)
    return tuple(
        _parameter(name, part, told, is_required=model.model_fields[name].is_required())
        for name, part in schemas_of(model).items()
    )


def schemas_of(model: type[BaseModel]) -> dict[str, Mapping[str, Any]]:
    """The JSON schema of each parameter, with the narrowest of its bounds.

    A schema leaves out those behind a validator of ours, and those that narrow a type's own.
    """
    schema = model.model_json_schema()
    definitions = schema.get("$defs", {})
    return {
        name: _narrowed(_resolved(part, definitions), model.model_fields[name])
        for name, part in schema.get("properties", {}).items()
    }


def _narrowed(part: Mapping[str, Any], field: FieldInfo) -> dict[str, Any]:
    found = dict(part)
    for one in field.metadata:
        for name, (word, narrower) in _BOUNDS.items():
            if hasattr(one, name):
                bound = getattr(one, name)
                found[word] = narrower(bound, found.get(word, bound))
    return found


def roles_called(action: Action) -> tuple[str, ...]:
    """The roles of the contracts it calls or names, tokens apart."""
    return tuple(dict.fromkeys(one.role for one in action.permissions if one.role != ERC20))


def functions_called(action: Action) -> Iterator[tuple[str, str, bool]]:
    """Role, function and whether native coin may go with it; a mark in words."""
    for one in action.permissions:
        yield one.role, _MARKS.get(one.signature, one.signature), one.payable


def places_of(protocol: str, action: Action) -> tuple[Place, ...]:
    """The networks where the action could do anything, by what is enabled there now.

    One that calls no contracts of its own works wherever its protocol is enabled.
    """
    return tuple(places_of_all(protocol, [action])[action.slug])


def places_of_all(protocol: str, actions: list[Action]) -> dict[str, list[Place]]:
    """As `places_of`, of several actions of a protocol, from two questions."""
    row = Protocol.objects.filter(slug=protocol, enabled=True).first()
    networks = list(row.networks.filter(enabled=True)) if row else []
    there = Deployment.objects.filter(protocol=row, enabled=True, network__in=networks)
    enabled: dict[int, set[str]] = {}
    for network_id, role in there.values_list("network_id", "role"):
        enabled.setdefault(network_id, set()).add(role_family(role))
    return {
        action.slug: [
            place
            for network in networks
            if (place := _place(network.slug, enabled.get(network.pk, set()), action))
        ]
        for action in actions
    }


_MARKS: Mapping[str, str] = {
    PolicyRule.ALLOWANCE: "may be given allowances",
    PolicyRule.NAMED: "may be named in calls",
}


def _place(network: str, enabled: set[str], action: Action) -> Place | None:
    roles = roles_called(action)
    here = tuple(role for role in roles if role in enabled)
    if roles and not here:
        return None
    return Place(network, here, tuple(role for role in roles if role not in enabled))


def _resolved(part: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part itself, for a reference or one that may be left out as null."""
    if "$ref" in part:
        inside = definitions.get(part["$ref"].rpartition("/")[2], {})
        return {**inside, **{key: value for key, value in part.items() if key != "$ref"}}
    others = [one for one in part.get("anyOf", ()) if one.get("type") != "null"]
    if len(others) == 1:
        rest = {key: value for key, value in part.items() if key != "anyOf"}
        return {**_resolved(others[0], definitions), **rest}
    return part


def _parameter(
    name: str, part: Mapping[str, Any], told: Mapping[str, str], *, is_required: bool
) -> Parameter:
    default = part.get("default")
    return Parameter(
        name=name,
        kind=_kind(part),
        unit=str(part.get("unit", "")),
        required=is_required,
        default="" if default is None else _typed(default),
        bounds=_bounds(part),
        choices=tuple(str(one) for one in part.get("enum", ())),
        meaning=str(part.get("description") or told.get(name, "")).strip(),
        as_json=part.get("type") in ("array", "object"),
    )


def _kind(part: Mapping[str, Any]) -> str:
    if "enum" in part:
        return f"one of {', '.join(str(one) for one in part['enum'])}"
    if "const" in part:
        return str(part["const"])
    if part.get("type") == "array":
        return f"a list, as JSON: each {_kind(part.get('items', {}))}"
    return _KINDS.get(part.get("format", ""), _BASICS.get(part.get("type", ""), "a value"))


def _bounds(part: Mapping[str, Any]) -> str:
    words = (
        ("minimum", "at least {}"),
        ("exclusiveMinimum", "above {}"),
        ("maximum", "at most {}"),
        ("exclusiveMaximum", "below {}"),
        ("minItems", "at least {} of them"),
        ("maxItems", "at most {} of them"),
        ("maxLength", "at most {} letters"),
    )
    return ", ".join(text.format(part[key]) for key, text in words if key in part)


def _typed(default: Any) -> str:
    return str(default).lower() if isinstance(default, bool) else str(default)


def _meanings(model: type[BaseModel]) -> dict[str, str]:
    """What the model's docstring says of each field it names."""
    text = " ".join((getdoc(model) or "").split())
    return {
        name: rest.replace("`", "").strip()
        for name, rest in _TOLD.findall(text)
        if name in model.model_fields
    }
