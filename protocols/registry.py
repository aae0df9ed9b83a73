"""Which protocols and actions there are: our own, and those of installed packages."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from protocols.aave.adapter import ADAPTER as AAVE
from protocols.actions import Action, Adapter, Permission, PlanError
from protocols.calls.adapter import ADAPTER as CALLS
from protocols.claims.adapter import ADAPTER as CLAIMS
from protocols.evm.adapter import ADAPTER as EVM
from protocols.layerbank.adapter import ADAPTER as LAYERBANK
from protocols.params import ActionParams
from protocols.rules import missing_checks
from protocols.scroll.adapter import ADAPTER as SCROLL
from protocols.syncswap.adapter import ADAPTER as SYNCSWAP
from protocols.zksync.adapter import ADAPTER as ZKSYNC
from wallets.chain.errors import ChainError
from wallets.models import PolicyRule

# What comes with this program.
OWN = (EVM, CLAIMS, AAVE, CALLS, LAYERBANK, SCROLL, SYNCSWAP, ZKSYNC)
GROUP = "airdrops.protocols"
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# What the pipeline calls its own: their names alone spare them checks.
_OWN_ACTIONS = ("filler", "revoke")
_SIGNATURE = re.compile(r"\w+\([\w,()\[\]]*\)")


class UnknownAction(LookupError):
    """No such protocol or action; the message lists what exists."""


# What an adapter may raise where it was asked something: each is no answer, and never "nothing".
# One that fails in a way of its own has not answered either.
UNANSWERED = (
    UnknownAction,
    PlanError,
    ChainError,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)


class RegistrationError(Exception):
    """An installed package offers a protocol that cannot be used; one sentence for its author."""


@cache
def adapters() -> Mapping[str, Adapter]:
    """Every adapter by slug, or RegistrationError."""
    found = {adapter.slug: adapter for adapter in OWN}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        adapter = load_adapter(point)
        if adapter.slug in found:
            raise RegistrationError(
                f"{_where(point)} brings the protocol {adapter.slug}, which exists already; "
                "give it another slug"
            )
        found[adapter.slug] = adapter
    return found


def get_adapter(slug: str) -> Adapter:
    """The adapter, or UnknownAction."""
    try:
        return adapters()[slug]
    except KeyError:
        raise UnknownAction(
            f"there is no protocol {slug}; there are {', '.join(sorted(adapters()))}"
        ) from None


def get_action(protocol: str, action: str) -> Action:
    """The action, or UnknownAction."""
    adapter = get_adapter(protocol)
    try:
        return adapter.actions[action]
    except KeyError:
        raise UnknownAction(
            f"{protocol} has no action {action}; it has {', '.join(sorted(adapter.actions))}"
        ) from None


def load_adapter(point: EntryPoint) -> Adapter:
    """What an entry point names, if it is an adapter that can be used."""
    try:
        found = point.load()
    except (ImportError, AttributeError, TypeError) as error:
        raise RegistrationError(
            f"{_where(point)} cannot be loaded ({error}); it should name an Adapter, "
            "like `my_package.adapter:ADAPTER`"
        ) from error
    if complaint := next(complaints(found), ""):
        raise RegistrationError(f"{_where(point)} cannot be used: {complaint}")
    adapter: Adapter = found
    return adapter


def complaints(found: object) -> Iterator[str]:
    """What keeps an object from being an adapter, a sentence for each."""
    if not isinstance(found, Adapter):
        yield f"it names {type(found).__name__}, not an Adapter; make one with Adapter.of(…)"
        return
    if not _SLUG.fullmatch(found.slug):
        yield f"its slug {found.slug!r} is not lower-case words with hyphens"
    if not found.actions:
        yield "it has no actions; give it a list of Action instances"
    for slug, action in found.actions.items():
        yield from (f"its action {slug} {text}" for text in _action_complaints(action))
    if all(isinstance(action, Action) for action in found.actions.values()):
        yield from _conflicts(found)


def _action_complaints(action: object) -> Iterator[str]:
    if not isinstance(action, Action):
        yield "is not an instance of a class derived from Action"
        return
    for name in ("slug", "title", "Params"):
        if not hasattr(action, name):
            yield f"has no {name}; an action has slug, title, Params, permissions, plan and settle"
            return
    if not _SLUG.fullmatch(action.slug):
        yield "has a slug that is not lower-case words with hyphens"
    if action.slug in _OWN_ACTIONS:
        yield "has the slug of something the program does by itself; give it another"
    if not (isinstance(action.Params, type) and issubclass(action.Params, ActionParams)):
        yield "has Params that are not derived from protocols.params.ActionParams"
    yield from _permission_complaints(action)


def _permission_complaints(action: Action) -> Iterator[str]:
    for one in action.permissions:
        if not isinstance(one, Permission) or not _is_signature(one.signature):
            yield f"has the permission {one!r}; write Permission(role, 'name(type,…)', (checks,))"
            continue
        for phrase in missing_checks(one):
            yield f"leaves {one.signature} open: {phrase}; give it a check"


def _is_signature(text: str) -> bool:
    return text in PolicyRule.MARKS or bool(_SIGNATURE.fullmatch(text))


def _conflicts(found: Adapter) -> Iterator[str]:
    """Calls that two of its actions describe differently: only one rule can hold."""
    known: dict[tuple[str, str], Permission] = {}
    for action in found.actions.values():
        for one in action.permissions:
            if known.setdefault((one.role, one.signature), one) != one:
                yield f"its actions demand different arguments of {one.signature} in {one.role}"


def _where(point: EntryPoint) -> str:
    package = f" of the package {point.dist.name}" if point.dist else ""
    return f"the entry point {point.name} in {GROUP}{package}"
