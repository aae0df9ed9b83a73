"""What a stop is about: one wallet, protocol or network, or everything."""

from dataclasses import dataclass

from airdrops_site.answers import BadInput
from airdrops_site.scripted import Options
from airdrops_site.tx.known import require_network, require_protocol, require_wallet
from wallets.models import EmergencyStop, ScopeKind

_REQUIRE = {
    ScopeKind.WALLET: require_wallet,
    ScopeKind.PROTOCOL: require_protocol,
    ScopeKind.NETWORK: require_network,
}
MODES = {mode.value.replace("_", "-"): mode for mode in EmergencyStop.Mode}


@dataclass(frozen=True, slots=True)
class Scope:
    """As the rows name it."""

    kind: str = ScopeKind.EVERYTHING
    value: str = ""

    @property
    def name(self) -> str:
        """As a person reads it."""
        return f"{self.kind} {self.value}" if self.value else "everything"

    @property
    def facts(self) -> dict[str, str]:
        """As the services take it."""
        return {"scope_kind": self.kind, "scope_value": self.value}

    @classmethod
    def of(cls, stop: EmergencyStop) -> "Scope":
        """Of a stop."""
        return cls(stop.scope_kind, stop.scope_value)


def checked(kind: str, value: str) -> Scope:
    """The scope, or BadInput for a name that nothing has."""
    if kind == ScopeKind.EVERYTHING:
        if value:
            raise BadInput(f"everything has no name; say what kind of thing {value} is")
        return Scope()
    if kind not in _REQUIRE:
        raise BadInput(f"{kind} is none of everything, {', '.join(_REQUIRE)}")
    if not value:
        raise BadInput(f"say which {kind}")
    _REQUIRE[ScopeKind(kind)](value)
    return Scope(kind, value)


def scope_of(options: Options) -> Scope:
    """What was typed; everything where nothing was named."""
    named = [(kind, options.get(kind) or "") for kind in _REQUIRE]
    found = [(str(kind), value) for kind, value in named if value]
    if len(found) > 1:
        raise BadInput("name one wallet, protocol or network, or none for everything")
    return checked(*found[0]) if found else Scope()
