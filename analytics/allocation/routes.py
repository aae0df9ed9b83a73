"""By which actions something gets from one cell to another; what none can do is said.

Only actions of registered protocols, whose contracts are enabled on the network: a leg here becomes
an ordinary task.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from analytics.allocation.holdings import WALLET, Cell
from analytics.allocation.stock import Stock
from analytics.allocation.values import CannotAllocate
from protocols.aave.market import POOL as AAVE_POOL
from protocols.actions import Context
from protocols.evm import quotes, quotes_v3, swaps_v3
from protocols.layerbank.markets import CORE
from protocols.models import Deployment
from protocols.params import NATIVE
from protocols.scroll import deposits
from protocols.scroll.sides import L1_OF as SCROLL_L1_OF
from protocols.syncswap import quotes as syncswap
from protocols.syncswap.swaps import ROUTER as SYNCSWAP_ROUTER
from protocols.zksync import depositing
from protocols.zksync.contracts import L1_OF as ZKSYNC_L1_OF
from wallets.models import Network, Token

Quoter = Callable[[Context, str, str, int], int]
# What a bridge asks beside the gas for so much of a token, in wei of where it begins.
FeeQuoter = Callable[[Context, str, int], int]


@dataclass(frozen=True, slots=True)
class Leg:
    """One task of a move: an action on a network, with what each wallet gives it."""

    kind: str
    protocol: str
    action: str
    token: Token
    # What it makes of it, and where.
    result: Token
    params: Mapping[str, Any] = field(default_factory=dict)
    quoter: Quoter | None = None
    fee_quoter: FeeQuoter | None = None
    # Whether its last transaction is paid for where it ends: a withdrawal is proven on L1.
    ends_there: bool = False

    @property
    def network(self) -> Network:
        """Where it begins."""
        return self.token.network

    @property
    def words(self) -> str:
        """As a person reads it."""
        through = f"{self.protocol}/{self.action} on {self.network.slug}"
        if self.kind == "swap":
            return f"exchange {self.token.symbol} for {self.result.symbol} by {through}"
        return f"{self.kind} {self.token.symbol} by {through}"


# Protocol, action, the contract it needs, and who says what would come out.
EXCHANGES: tuple[tuple[str, str, str, Quoter], ...] = (
    ("evm", "swap", quotes.ROUTER, lambda *of: quotes.quote_swap(*of).expected),
    ("evm", "swap-v3", swaps_v3.ROUTER, lambda *of: quotes_v3.quote_route(*of).expected),
    ("syncswap", "swap", SYNCSWAP_ROUTER, lambda *of: syncswap.quote_swap(*of).expected),
)
# Protocol: the contract it needs, the actions in and out, and what they call the token.
LENDERS = {
    "aave": (AAVE_POOL, "supply", "withdraw", "asset"),
    "layerbank": (CORE, "supply", "redeem-underlying", "token"),
}
BRIDGES = {"scroll": SCROLL_L1_OF, "zksync": ZKSYNC_L1_OF}
DEPOSIT_FEES: dict[str, FeeQuoter] = {
    "scroll": deposits.deposit_fee,
    "zksync": depositing.deposit_fee,
}


class Routes:
    """The ways there are with what is enabled here, read once."""

    def __init__(self, stock: Stock) -> None:
        self._stock = stock
        rows = Deployment.objects.filter(enabled=True, protocol__enabled=True)
        self._deployed = set(rows.values_list("protocol__slug", "network", "role"))

    def ways(self, source: Cell, target: Cell) -> list[tuple[Leg, ...]]:
        """All that lead there, alike but for the exchange; CannotAllocate where none does."""
        before = self._token(source)
        taken_out = self._out(source, before, target)
        crossing = source.network != target.network
        early = crossing and self._stock.token_called(target.symbol, source.network) is not None
        ways: list[tuple[Leg, ...]] = []
        for swap in self._exchanges(source, target, early=early):
            middle = swap[-1].result if swap else before
            if not early and crossing:
                over = self._over(before, target.network)
                legs = (*taken_out, *over, *swap)
            else:
                legs = (*taken_out, *swap, *self._over(middle, target.network))
            end = legs[-1].result if legs else before
            ways.append((*legs, *self._into(end, source, target)))
        return ways

    def _token(self, cell: Cell) -> Token:
        found = self._stock.token_called(cell.symbol, cell.network)
        if found is None:
            raise CannotAllocate(f"{cell.network} has no one enabled token {cell.symbol}")
        return found

    def _has(self, protocol: str, network: Network, role: str) -> bool:
        return (protocol, network.pk, role) in self._deployed

    def _out(self, source: Cell, token: Token, target: Cell) -> tuple[Leg, ...]:
        if source.protocol == WALLET or source == target:
            return ()
        role, _, action, name = self._lender(source.protocol, token.network)
        return (Leg("withdraw", source.protocol, action, token, token, {name: _ref(token, role)}),)

    def _into(self, token: Token, source: Cell, target: Cell) -> tuple[Leg, ...]:
        if target.protocol == WALLET:
            return ()
        role, action, _, name = self._lender(target.protocol, token.network)
        return (Leg("supply", target.protocol, action, token, token, {name: _ref(token, role)}),)

    def _lender(self, protocol: str, network: Network) -> tuple[str, str, str, str]:
        if protocol not in LENDERS:
            raise CannotAllocate(f"nothing here moves capital into {protocol} or out of it")
        if not self._has(protocol, network, LENDERS[protocol][0]):
            raise CannotAllocate(f"{protocol} is not enabled on {network.slug}")
        return LENDERS[protocol]

    def _exchanges(self, source: Cell, target: Cell, *, early: bool) -> list[tuple[Leg, ...]]:
        if source.symbol == target.symbol:
            return [()]
        where = source.network if early or source.network == target.network else target.network
        given = self._token(Cell(source.symbol, where, WALLET))
        wanted = self._token(Cell(target.symbol, where, WALLET))
        params = {"token_in": _ref(given), "token_out": _ref(wanted)}
        found = [
            (Leg("swap", protocol, action, given, wanted, params, quoter),)
            for protocol, action, role, quoter in EXCHANGES
            if self._has(protocol, given.network, role)
        ]
        if not found:
            raise CannotAllocate(f"no exchange is enabled on {where}")
        return found  # type: ignore[return-value]  # tuples of one are tuples of any length

    def _over(self, token: Token, network: str) -> tuple[Leg, ...]:
        if token.network.slug == network:
            return ()
        result = self._stock.token_called(token.symbol, network)
        if result is None or result.decimals != token.decimals:
            raise CannotAllocate(f"{token.symbol} of {token.network.slug} is no token on {network}")
        for protocol, l1_of in BRIDGES.items():
            for kind, pair in (
                ("deposit", (result.network.chain_id, token.network.chain_id)),
                ("withdraw", (token.network.chain_id, result.network.chain_id)),
            ):
                if pair in l1_of.items() and self._any(protocol, token.network):
                    return (_bridge(protocol, kind, token, result),)
        raise CannotAllocate(f"no bridge is enabled from {token.network.slug} to {network}")

    def _any(self, protocol: str, network: Network) -> bool:
        return any(one[:2] == (protocol, network.pk) for one in self._deployed)


def _bridge(protocol: str, kind: str, token: Token, result: Token) -> Leg:
    is_bare = protocol == "zksync" and token.is_native
    action = kind if is_bare or protocol != "zksync" else f"{kind}-token"
    return Leg(
        "bridge",
        protocol,
        action,
        token,
        result,
        {} if is_bare else {"token": _ref(token)},
        fee_quoter=DEPOSIT_FEES[protocol] if kind == "deposit" else None,
        ends_there=kind == "withdraw",
    )


def _ref(token: Token, role: str = "") -> str:
    if role == AAVE_POOL and token.is_native:
        raise CannotAllocate(f"aave takes no {token.symbol} itself; hold it wrapped")
    return token.address or NATIVE
