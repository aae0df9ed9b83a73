"""What all is worth together, and how much of it is where; exact until it becomes US cents."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext

from analytics.items import Gap, Item
from wallets.amounts import DIGITS
from wallets.models import Price, Token
from wallets.prices import known_prices, worth
from wallets.transactions.limits import token_scope

# More are counted, not told: one is enough for a person to begin with.
TOLD = 3
Sums = dict[str, Decimal]


def _sums() -> Sums:
    return defaultdict(Decimal)


@dataclass(slots=True)
class Sum:
    """What was added up; what could not be is in `problems`, a sentence each."""

    total: Decimal = Decimal(0)
    as_of: datetime | None = None
    problems: list[str] = field(default_factory=list)
    protocols: Sums = field(default_factory=_sums)
    networks: Sums = field(default_factory=_sums)
    tokens: Sums = field(default_factory=_sums)
    symbols: Sums = field(default_factory=_sums)
    # What is owed taken off, so that these come to the total: by wallet, and by protocol with
    # what is in wallets under no name.
    wallets: Sums = field(default_factory=_sums)
    places: Sums = field(default_factory=_sums)

    @property
    def cents(self) -> int | None:
        """Rounded down; None where a part is unknown."""
        return None if self.problems else to_cents(self.total, ROUND_FLOOR)

    @property
    def problem(self) -> str:
        """The first problems, and how many there are beside."""
        told = list(dict.fromkeys(self.problems))
        more = f"; and {len(told) - TOLD} more" if len(told) > TOLD else ""
        return "; ".join(told[:TOLD]) + more

    def parts(self) -> dict[str, dict[str, int]]:
        """What is where, in US cents, rounded up."""
        named = (
            ("protocols", self.protocols),
            ("networks", self.networks),
            ("tokens", self.tokens),
            ("symbols", self.symbols),
            ("wallets", self.wallets),
            ("places", self.places),
        )
        return {
            name: {key: to_cents(value, ROUND_CEILING) for key, value in sums.items()}
            for name, sums in named
        }

    def add(self, item: Item, value: Decimal) -> None:
        """One item; what a protocol holds is counted without what is owed to it."""
        token = item.token
        self.total += value
        self.networks[token.network.slug] += value
        self.tokens[token_scope(token.network.slug, token.address)] += value
        self.symbols[token.symbol] += value
        self.wallets[item.wallet] += value
        self.places[item.protocol] += value
        if item.protocol and value > 0:
            self.protocols[item.protocol] += value


def add_up(found: Iterable[Item | Gap], now: datetime) -> Sum:
    """The sum of all of it at the prices known now."""
    items, gaps = _apart(found)
    prices = known_prices({item.token.pk: item.token for item in items}.values(), now)
    result = Sum(problems=gaps)
    with localcontext(prec=2 * DIGITS):
        for item in items:
            _add(result, item, prices.get(item.token.pk))
    result.as_of = min((one.read_at for one in items if one.read_at is not None), default=None)
    return result


def _apart(found: Iterable[Item | Gap]) -> tuple[list[Item], list[str]]:
    items: list[Item] = []
    gaps: list[str] = []
    for one in found:
        if isinstance(one, Gap):
            gaps.append(one.sentence)
        else:
            items.append(one)
    return items, gaps


def _add(result: Sum, item: Item, price: Price | None) -> None:
    value = worth(abs(item.amount), item.token, price)
    if value is not None:
        result.add(item, -value if item.amount < 0 else value)
    elif not _is_dust(item.token, item):
        result.problems.append(f"the price of {item.token} is unknown or stale")


def _is_dust(token: Token, item: Item) -> bool:
    return not item.protocol and 0 <= item.amount <= token.kept_as_dust


def to_cents(value: Decimal, rounding: str) -> int:
    """Whole US cents."""
    with localcontext(prec=2 * DIGITS):
        return int((value * 100).to_integral_value(rounding=rounding))
