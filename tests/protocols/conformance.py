"""What every adapter must keep, ours and those of installed packages: a sentence for each breach.

A package's own test is

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_the_adapter_keeps(check: Check) -> None:
        assert list(check(ADAPTER)) == []
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from protocols.abi import abi_names, load_abi
from protocols.actions import Action, Adapter, Context, Plan
from protocols.codec import AbiError
from protocols.deployments import DeploymentError, published_deployments
from protocols.descriptions import schemas_of
from protocols.params import ActionParams, BadParameters, read_params
from protocols.registry import adapters, complaints
from tests.protocols.examples import bad_values, example_of
from wallets.models import PolicyRule

Check = Callable[[Adapter], Iterator[str]]
_UNREADABLE = (AbiError, KeyError, TypeError, ValueError)


def keeps_the_interface(adapter: Adapter) -> Iterator[str]:
    """Slugs, titles, typed parameters; permissions whose checks cover every argument."""
    yield from complaints(adapter)
    for slug, action in adapter.actions.items():
        if slug != action.slug or not action.title.strip():
            yield f"{slug} is called {action.slug} {action.title!r}; a title says what it does"


def publishes_with_source_and_date(adapter: Adapter) -> Iterator[str]:
    """Every address has its checksum, a source, and the day that was looked up."""
    try:
        published = published_deployments(adapter)
    except DeploymentError as error:
        yield str(error)
        return
    today = datetime.now(tz=UTC).date()
    for one in published:
        if one.verified_at is None or one.verified_at > today:
            yield f"{one.role} on chain {one.chain_id} has no verified_at date that has been"
    places = Counter((one.chain_id, one.role) for one in published if not one.disabled)
    for (chain_id, role), count in places.items():
        if count > 1:
            yield f"{role} on chain {chain_id} is published {count} times; one can be enabled"


def describes_its_parameters(adapter: Adapter) -> Iterator[str]:
    """A docstring on every model of parameters, and bounds on every field."""
    for action in adapter.actions.values():
        model = action.Params
        if model is not ActionParams and not vars(model).get("__doc__"):
            yield f"{action.slug}: its Params have no docstring"
        if not (type(action).__doc__ or "").strip():
            yield f"{action.slug}: it has no docstring"
        for name, part in schemas_of(model).items():
            yield from (f"{action.slug}.{name}: {text}" for text in _unbounded(part))


def explains_bad_parameters(adapter: Adapter) -> Iterator[str]:
    """Missing, unknown, zero, negative, too long, no number, no address: one sentence each.

    The chain is not even within reach: there is no context.
    """
    for action in adapter.actions.values():
        fields = schemas_of(action.Params)
        good = {name: example_of(part) for name, part in fields.items()}
        yield from _not_told(action, {**good, "surplus": "1"}, "surplus")
        needed = (name for name, one in action.Params.model_fields.items() if one.is_required())
        for name in needed:
            without = {key: value for key, value in good.items() if key != name}
            yield from _not_told(action, without, name)
        for name, part in fields.items():
            for bad in bad_values(part):
                yield from _not_told(action, {**good, name: bad}, name)


def uses_its_abis(adapter: Adapter) -> Iterator[str]:
    """Every ABI file can be read, and the adapter's code or its addresses name it.

    What has errors only is used wherever a revert is told in words; an empty one stands for
    contracts of which nothing is known here.
    """
    named = "\n".join(_sources(files(adapter.package)))
    for name in abi_names(adapter.package):
        try:
            abi = load_abi(adapter.package, name)
        except _UNREADABLE as error:
            yield f"abi/{name}.json cannot be read: {error}"
            continue
        has_more = abi.functions or abi.events
        if has_more and f'"{name}"' not in named:
            yield f"abi/{name}.json is named nowhere in {adapter.package}; remove it"


def calls_what_its_abis_have(adapter: Adapter) -> Iterator[str]:
    """Every function it may call is in an ABI of its own, or of another adapter."""
    packages = dict.fromkeys((adapter.package, *(one.package for one in adapters().values())))
    known = {signature for package in packages for signature in _functions(package)}
    for action in adapter.actions.values():
        for one in action.permissions:
            if one.signature not in PolicyRule.MARKS and one.signature not in known:
                yield f"{action.slug} may call {one.signature}, which no ABI has"


CHECKS: tuple[Check, ...] = (
    keeps_the_interface,
    publishes_with_source_and_date,
    describes_its_parameters,
    explains_bad_parameters,
    uses_its_abis,
    calls_what_its_abis_have,
)


def plan_twice(action: Action, ctx: Context, **params: Any) -> Plan:
    """The plan, which must be the same when it is made again on the same chain."""
    typed = read_params(action.Params, params)
    first, second = action.plan(ctx, typed), action.plan(ctx, typed)
    assert first == second, f"{action.slug} plans differently each time"
    return first


def _functions(package: str) -> Iterator[str]:
    """What the ABIs of a package have, those that can be read."""
    for name in abi_names(package):
        with suppress(*_UNREADABLE):
            abi = load_abi(package, name)
            yield from (function.signature for function in abi.functions.values())


def _unbounded(part: Mapping[str, Any]) -> Iterator[str]:
    match part.get("type"):
        case "integer" if "enum" not in part and "const" not in part:
            if not part.keys() & {"minimum", "exclusiveMinimum"}:
                yield "a whole number without a least value"
            if not part.keys() & {"maximum", "exclusiveMaximum"}:
                yield "a whole number without a highest value"
        case "number":
            yield "a number that may be a fraction; write base units or hundredths of a percent"
        case "string" if not part.keys() & {"pattern", "enum", "const", "maxLength", "format"}:
            yield "text without a pattern or a greatest length"
        case "array":
            yield from _unbounded(part.get("items", {}))


def _not_told(action: Action, values: Mapping[str, Any], name: str) -> Iterator[str]:
    shown = json.dumps(values.get(name), default=str)[:60]
    try:
        read_params(action.Params, values)
    except BadParameters as error:
        if name not in str(error) or "\n" in str(error):
            yield f"{action.slug}: {name} = {shown} is not told in a sentence: {error}"
    else:
        yield f"{action.slug}: {name} = {shown} is accepted"


def _sources(folder: Traversable) -> Iterator[str]:
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _sources(entry)
        elif entry.name.endswith((".py", ".toml")):
            yield entry.read_text(encoding="utf-8")
