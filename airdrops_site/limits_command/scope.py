"""A limit named at the command line: its kind, and its scope like `wallet:treasury`."""

from airdrops_site.answers import BadInput
from airdrops_site.tx.known import require_network, require_protocol, require_wallet
from analytics.models import Campaign
from protocols.registry import adapters
from wallets.amounts import AmountError
from wallets.limit_units import read_number
from wallets.models import Limit, ScopeKind


def limit_named(kind: str, scope: str) -> Limit:
    """Such a limit, not saved, after looking whether what it names is there; else BadInput."""
    scope_kind, _, value = scope.partition(":")
    if scope_kind not in ScopeKind.values:
        raise BadInput(
            f"{scope!r} is no scope; write everything, or one of network, protocol, action, "
            "wallet, token, campaign with a name, like wallet:treasury or token:base:0x…"
        )
    if (scope_kind == ScopeKind.EVERYTHING) != (not value):
        raise BadInput(f"{scope!r} is not whole; write everything, or {scope_kind}:NAME")
    _require_known(scope_kind, value)
    return Limit(kind=kind, scope_kind=scope_kind, scope_value=value, amount=0)


def stored_limit(kind: str, scope: str) -> Limit:
    """The limit of this kind and scope; BadInput where there is none."""
    wanted = limit_named(kind, scope)
    same = {"scope_kind": wanted.scope_kind, "scope_value__iexact": wanted.scope_value}
    found = Limit.objects.filter(kind=kind, **same).first()
    if found is None:
        raise BadInput(f"there is no limit {kind} for {scope}; `limits list` shows all")
    return found


def number_of(limit: Limit, text: str) -> int:
    """What was typed, in the limit's own unit; BadInput says what is wrong."""
    try:
        return read_number(limit, text)
    except AmountError as error:
        raise BadInput(str(error)) from error


def _require_known(kind: str, value: str) -> None:
    """A misspelt name would hold nothing, and look as if it did."""
    match kind:
        case ScopeKind.NETWORK:
            require_network(value)
        case ScopeKind.TOKEN:
            require_network(value.rpartition(":")[0])
        case ScopeKind.PROTOCOL:
            require_protocol(value)
        case ScopeKind.WALLET:
            require_wallet(value)
        case ScopeKind.ACTION:
            _require_action(value)
        case ScopeKind.CAMPAIGN:
            if not Campaign.objects.filter(slug=value).exists():
                raise BadInput(f"there is no campaign {value}")


def _require_action(slug: str) -> None:
    known = sorted({name for adapter in adapters().values() for name in adapter.actions})
    if slug not in known:
        raise BadInput(f"there is no action {slug}; known are {', '.join(known)}")
