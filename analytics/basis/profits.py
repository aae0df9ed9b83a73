"""Profit by wallet and token: what is held, what it cost, what it is worth, what was realised."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from django.db.models import Count
from django.utils import timezone

from analytics.basis.book import Book, Place, lots_of, read_book
from analytics.basis.lot import Lot
from analytics.basis.lots import Method
from analytics.basis.money import Price, dollars, worth
from analytics.basis.state import LOAN, WALLET
from analytics.basis.tally import Sums
from analytics.flows import Money
from analytics.selectors import valid_entries
from wallets.amounts import show_amount
from wallets.models import Token, Wallet
from wallets.price_history import History
from wallets.prices import known_prices


@dataclass(slots=True)
class Held:
    """What is left of some lots: base units, and 1e-18 US dollars of cost."""

    amount: int = 0
    elsewhere: int = 0  # of it inside protocols and between networks
    owed: int = 0
    cost: int = 0
    unknown: int = 0  # base units of unknown cost

    def add(self, lot: Lot, cost: int | None, where: str) -> None:
        """A lot of it; what is owed counts against it."""
        sign = -1 if where == LOAN else 1
        self.amount += 0 if where == LOAN else lot.amount
        self.elsewhere += 0 if where in (LOAN, WALLET) else lot.amount
        self.owed += lot.amount if where == LOAN else 0
        self.cost += sign * (cost or 0)
        self.unknown += lot.amount if cost is None else 0


@dataclass(frozen=True, slots=True)
class ProfitLine:
    """A wallet's token. Quantities in base units; `elsewhere` is the part that rests inside
    protocols or is on its way between networks, `owed` what was borrowed; `problems` say what is
    not known."""

    wallet: Wallet
    token: Token
    quantity: int
    elsewhere: int
    owed: int
    cost: Money
    worth: Money
    realised: Money
    unrealised: Money
    income: Money
    fees: Money
    fee_amount: int
    slippage: Money
    provisional: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Profit:
    """The lines by wallet and token, and everything unknown in them."""

    method: Method
    lines: tuple[ProfitLine, ...]
    unknown: tuple[str, ...] = field(default=())


def profit(
    *,
    method: Method = "fifo",
    wallets: Iterable[Wallet] | None = None,
    start: datetime | None = None,
    until: datetime | None = None,
) -> Profit:
    """As the books are now, or were before `until`; what was realised counts from the day of
    `start` on (UTC)."""
    return profit_of(read_book(method, until), wallets=wallets, start=start, until=until)


def profit_of(
    book: Book,
    *,
    wallets: Iterable[Wallet] | None = None,
    start: datetime | None = None,
    until: datetime | None = None,
) -> Profit:
    """The same of a book that was read already."""
    wanted = None if wallets is None else {wallet.pk for wallet in wallets}
    sums = book.sums(lambda key: (key.wallet, key.token), day_of(start))
    held = holdings(book)
    places = [one for one in {*sums, *held} if wanted is None or one[0] in wanted]
    names = _Names.read(places, until)
    made = (
        _line(place, held.get(place, Held()), sums.get(place, Sums()), names) for place in places
    )
    lines = sorted(made, key=lambda one: (one.wallet.label, one.token.symbol, one.token.pk))
    problems = [problem for line in lines for problem in line.problems]
    return Profit(book.method, tuple(lines), tuple(dict.fromkeys(problems)))


def day_of(moment: datetime | None) -> date | None:
    """The day it lies in (UTC)."""
    return None if moment is None else moment.astimezone(UTC).date()


def holdings(book: Book) -> dict[Place, Held]:
    """What is left, by wallet and token."""
    found: dict[Place, Held] = defaultdict(Held)
    for place, where, lot, cost in lots_of(book):
        found[place].add(lot, cost, where)
    return found


def prices_of(tokens: Iterable[Token], until: datetime | None) -> dict[int, Price]:
    """Now, or at a moment of the past; what is unknown or stale is not in it."""
    asked, moment = list(tokens), timezone.now()
    if until is None or until >= moment:
        now = known_prices(asked, moment)
        return {pk: (price.amount, price.decimals) for pk, price in now.items()}
    history = History(asked, until, until)
    found = {token.pk: history.at(token.pk, until) for token in asked}
    return {pk: (one.amount, one.decimals) for pk, one in found.items() if one is not None}


@dataclass(frozen=True, slots=True)
class _Names:
    wallets: Mapping[int, Wallet]
    tokens: Mapping[int, Token]
    prices: Mapping[int, Price]
    provisional: Mapping[Place, int]

    @classmethod
    def read(cls, places: Iterable[Place], until: datetime | None) -> "_Names":
        asked = list(places)
        tokens = Token.objects.select_related("network").in_bulk({token for _, token in asked})
        wallets = Wallet.objects.in_bulk({wallet for wallet, _ in asked})
        return cls(wallets, tokens, prices_of(tokens.values(), until), _provisional())


def _provisional() -> dict[Place, int]:
    rows = valid_entries().filter(status="provisional").values("wallet", "token")
    counted = rows.annotate(count=Count("pk")).values_list("wallet", "token", "count")
    return {(wallet, token): count for wallet, token, count in counted}


def _line(place: Place, held: Held, sums: Sums, names: _Names) -> ProfitLine:
    wallet, token = names.wallets[place[0]], names.tokens[place[1]]
    whose = f"{token} of {wallet.label}"
    cost, value = _cost(held, token, whose), _value(held, token, names.prices.get(token.pk))
    money = sums_in_dollars(sums, whose)
    unrealised = difference(value, cost)
    told = (cost, value, *money.values())
    more = (_unexplained(sums, token, whose),) if sums.unexplained else ()
    problems = (*(one.problem for one in told if one.problem), *more)
    return ProfitLine(
        wallet=wallet,
        token=token,
        quantity=held.amount,
        elsewhere=held.elsewhere,
        owed=held.owed,
        cost=cost,
        worth=value,
        unrealised=unrealised,
        **money,
        fee_amount=sums.fee_amount,
        slippage=Money(dollars(sums.slippage)),
        provisional=names.provisional.get(place, 0),
        problems=tuple(dict.fromkeys(problems)),
    )


def _unexplained(sums: Sums, token: Token, whose: str) -> str:
    amount = show_amount(sums.unexplained, token.decimals, token.symbol)
    return f"{amount} left or moved as {whose} without ever having come, as far as the books know"


def _cost(held: Held, token: Token, whose: str) -> Money:
    if not held.unknown:
        return Money(dollars(held.cost))
    amount = show_amount(held.unknown, token.decimals, token.symbol)
    return Money(None, f"what {amount} of the {whose} cost is unknown")


def _value(held: Held, token: Token, price: Price | None) -> Money:
    net = held.amount - held.owed
    if net and price is None:
        return Money(None, f"the price of {token} is unknown or stale")
    value = worth(abs(net), token.decimals, price) or 0
    return Money(dollars(-value if net < 0 else value))


def sums_in_dollars(sums: Sums, whose: str) -> dict[str, Money]:
    """What was realised, earned and paid; unknown where a part is, with a sentence."""
    unknown = {
        "realised": (sums.unknown_gains, "disposals of unknown cost or price"),
        "income": (sums.unknown_income, "receipts without a known price of the time"),
        "fees": (sums.unknown_fees, "fees without a known price of the time"),
    }
    known = {"realised": sums.proceeds - sums.cost, "income": sums.income, "fees": sums.fees}
    return {
        name: Money(None, f"{whose}: {what}: {count}") if count else Money(dollars(known[name]))
        for name, (count, what) in unknown.items()
    }


def difference(one: Money, other: Money) -> Money:
    """Unknown where either is."""
    if one.dollars is None or other.dollars is None:
        return Money(None, one.problem or other.problem)
    return Money(one.dollars - other.dollars)
