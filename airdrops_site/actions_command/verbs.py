"""The verbs of `manage.py actions`: list, show, preview."""

from inspect import getdoc
from typing import Any

from airdrops_site.actions_command.scope import action_of, network_of, params_of, wallet_of
from airdrops_site.answers import Answer, BadInput, table
from protocols.actions import Action, PlanError
from protocols.descriptions import (
    Parameter,
    Place,
    describe_parameters,
    functions_called,
    places_of,
    places_of_all,
)
from protocols.preview_words import facts_of, lines_of, names_of
from protocols.previews import preview_action
from protocols.registry import UnknownAction, adapters
from wallets.chain.errors import ChainError

Options = dict[str, Any]
Said = tuple[Answer, int]


def listed(_options: Options) -> Said:
    """Every action of every adapter, and where it can be used now."""
    lines: list[dict[str, Any]] = []
    for slug, adapter in sorted(adapters().items()):
        places = places_of_all(slug, list(adapter.actions.values()))
        lines += [
            {"action": f"{slug}/{name}", "title": action.title, "networks": _ready(places[name])}
            for name, action in sorted(adapter.actions.items())
        ]
    rows = ((one["action"], one["title"], ", ".join(one["networks"]) or "–") for one in lines)
    return Answer(lines, (table("Actions", ("Action", "What it does", "Ready on"), rows),)), 0


def shown(options: Options) -> Said:
    """One action: its parameters, what it may call, and where that is enabled."""
    protocol, action = action_of(options["action"])
    parameters = describe_parameters(action.Params)
    places = places_of(protocol, action)
    calls = list(functions_called(action))
    facts = {
        "action": options["action"],
        "title": action.title,
        "about": getdoc(type(action)) or "",
        "parameters": [_parameter_facts(one) for one in parameters],
        "parameters_about": getdoc(action.Params) or "",
        "calls": [
            {"role": role, "function": function, "payable": payable}
            for role, function, payable in calls
        ],
        "networks": [
            {"network": one.network, "enabled": list(one.enabled), "missing": list(one.missing)}
            for one in places
        ],
    }
    called = table(
        "May call",
        ("Contract", "Function", "With native coin"),
        ((role, function, "yes" if payable else "") for role, function, payable in calls),
    )
    head = f"{options['action']}: {action.title}. {facts['about']}"
    return Answer(facts, (head, _parameter_table(action, parameters), called, _where(places))), 0


def previewed(options: Options) -> Said:
    """What it would do now; exit 1 where the policy would refuse it or the chain revert it."""
    protocol, action = action_of(options["action"])
    try:
        found = preview_action(
            protocol=protocol,
            action=action.slug,
            network=network_of(options["network"]),
            wallet=wallet_of(options["wallet"]),
            params=params_of(options["param"]),
        )
    except (PlanError, UnknownAction) as error:
        raise BadInput(f"{options['action']}: {error}") from error
    except ChainError as error:
        raise BadInput(f"{options['action']} cannot be planned now: {error}") from error
    names = names_of(found)
    code = 0 if found.is_allowed and not found.reverts else 1
    return Answer(facts_of(found, names), tuple(lines_of(found, names))), code


def _ready(places: list[Place]) -> list[str]:
    return [one.network for one in places if not one.missing]


def _parameter_facts(one: Parameter) -> dict[str, Any]:
    return {
        "name": one.name,
        "kind": one.kind,
        "unit": one.unit,
        "required": one.required,
        "default": one.default,
        "bounds": one.bounds,
        "choices": list(one.choices),
        "meaning": one.meaning,
    }


def _parameter_table(action: Action, parameters: tuple[Parameter, ...]) -> Any:
    rows = (
        (
            one.name,
            one.kind,
            one.unit,
            "required" if one.required else one.default or "may be left out",
            one.bounds,
            one.meaning,
        )
        for one in parameters
    )
    columns = ("Parameter", "What to write", "Unit", "Default", "Bounds", "Meaning")
    return table(f"Parameters. {getdoc(action.Params) or ''}", columns, rows)


def _where(places: tuple[Place, ...]) -> Any:
    rows = ((one.network, ", ".join(one.enabled), ", ".join(one.missing)) for one in places)
    return table("Networks", ("Network", "Enabled there", "Not enabled there"), rows)
