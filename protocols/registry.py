"""Which protocols and actions there are."""

from functools import cache

from protocols.actions import Action, Adapter


class UnknownAction(LookupError):
    """No such protocol or action; the message lists what exists."""


@cache
def adapters() -> dict[str, Adapter]:
    """The built-in adapters by slug."""
    from protocols.claims.adapter import ADAPTER as CLAIMS
    from protocols.evm.adapter import ADAPTER as EVM

    return {adapter.slug: adapter for adapter in (EVM, CLAIMS)}


def get_adapter(slug: str) -> Adapter:
    """The adapter, or UnknownAction."""
    try:
        return adapters()[slug]
    except KeyError:
        raise UnknownAction(f"no protocol {slug!r}; there are {sorted(adapters())}") from None


def get_action(protocol: str, action: str) -> Action:
    """The action, or UnknownAction."""
    adapter = get_adapter(protocol)
    try:
        return adapter.actions[action]
    except KeyError:
        raise UnknownAction(
            f"{protocol} has no action {action!r}; it has {sorted(adapter.actions)}"
        ) from None
