"""What bridges kept of what went over them beside the gas, by the books."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median_high

from django.db.models import QuerySet

from analytics.models import LedgerEntry
from analytics.selectors import valid_entries
from scheduling.models import Run
from wallets.amounts import SumAmount
from wallets.models import Token

# A protocol's slug, an action, and the network it happens on.
type Way = tuple[str, str, int]
K = LedgerEntry.Kind


@dataclass(slots=True)
class _Crossing:
    """What a run sent and got, in base units by symbol, and on which networks."""

    left: Counter[str] = field(default_factory=Counter)
    sent_on: set[int] = field(default_factory=set)
    got_on: set[int] = field(default_factory=set)

    @property
    def is_booked(self) -> bool:
        """Whether both sides are: what is under way is no cost."""
        return bool(self.sent_on and self.got_on - self.sent_on)


def kept_by_bridges(runs: "QuerySet[Run, Run]", ways: Iterable[Way]) -> dict[Way, dict[Token, int]]:
    """The median of the runs booked on both sides, by token; a way without any is left out."""
    run, wanted = "step__run", set(ways)
    rows = (
        valid_entries()
        .filter(account=LedgerEntry.Account.BRIDGE, step__run__in=runs.values("pk"))
        .order_by()
        .values_list(
            f"{run}__task__protocol__slug",
            f"{run}__task__action",
            f"{run}__task__network",
            run,
            "token",
            "kind",
        )
        .annotate(total=SumAmount("amount"))
    )
    found: dict[Way, dict[int, _Crossing]] = defaultdict(lambda: defaultdict(_Crossing))
    told = [row for row in rows if row[:3] in wanted]
    tokens = Token.objects.select_related("network").in_bulk({row[4] for row in told})
    for protocol, action, network, key, token, kind, total in told:
        _add(found[protocol, action, network][key], tokens[token], kind, total)
    by_symbol = {(one.network_id, one.symbol): one for one in tokens.values()}
    return {
        way: _median([one for one in crossings.values() if one.is_booked], way[2], by_symbol)
        for way, crossings in found.items()
        if any(one.is_booked for one in crossings.values())
    }


def _add(crossing: _Crossing, token: Token, kind: str, total: int) -> None:
    crossing.left[token.symbol] += total if kind == K.OUT else -total
    (crossing.sent_on if kind == K.OUT else crossing.got_on).add(token.network_id)


def _median(
    crossings: list[_Crossing], network: int, tokens: dict[tuple[int, str], Token]
) -> dict[Token, int]:
    """Of what was sent from the network the way begins on."""
    symbols = {symbol for one in crossings for symbol in one.left}
    kept = {symbol: median_high(one.left[symbol] for one in crossings) for symbol in symbols}
    return {
        tokens[network, symbol]: max(amount, 0)
        for symbol, amount in kept.items()
        if (network, symbol) in tokens
    }
