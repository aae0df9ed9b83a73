"""What was laid out for campaigns, protocols, wallets and networks, and what it brought.

Every cost counts: fees also of failed and cancelled transactions, what bridges kept, claims. Value
received counts at its worth when it came; what became of it later is realised and unrealised gain.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, localcontext
from typing import Literal

from analytics.basis.book import Book, LotThere, lots_of, read_period
from analytics.basis.lot import Lot
from analytics.basis.lots import Method
from analytics.basis.money import dollars, worth
from analytics.basis.profits import Held, day_of, difference, prices_of, sums_in_dollars
from analytics.basis.state import LOAN
from analytics.basis.tally import Days, Key, Sums
from analytics.flows import Money
from analytics.models import Campaign
from wallets.amounts import DIGITS
from wallets.models import Token, Wallet

By = Literal["campaign", "protocol", "wallet", "network"]
Groups = Iterable[str]


@dataclass(frozen=True, slots=True)
class RoiLine:
    """`invested` is the most of our capital that lay in it at the end of a day; of a campaign, its
    costs: what was moved for it is still ours. `ratio` is what it brought, less costs, over that;
    None where either is unknown or nothing was laid out."""

    key: str
    invested: Money
    costs: Money
    income: Money
    realised: Money
    unrealised: Money
    ratio: Decimal | None
    problems: tuple[str, ...]


def roi(
    *,
    by: By,
    start: datetime | None = None,
    end: datetime | None = None,
    method: Method = "fifo",
) -> list[RoiLine]:
    """By slug or label, in its order. Whole days (UTC): that of `start` counts; before `end` the
    books are read to the moment, and what is left is worth what it was then. With a `start`, what
    is unrealised is what that changed by since."""
    return roi_of(read_period(method, midnight_of(start), end), by=by, start=start, end=end)


def roi_of(
    book: Book, *, by: By, start: datetime | None = None, end: datetime | None = None
) -> list[RoiLine]:
    """The same of a book that was read already: by `read_period` from a `start` on."""
    tokens = Token.objects.select_related("network").in_bulk(_tokens(book))
    groups = _Groups.read(by, tokens)
    first = day_of(start)
    sums: dict[str, Sums] = defaultdict(Sums)
    for key, found in book.days.items():
        if first is None or key.day >= first:
            for name in groups.of_sums(key):
                sums[name].add(found)
    held = _held(lots_of(book), groups)
    held_before = _held(book.before or (), groups)
    capital = {} if by == "campaign" else _capital(book.days, groups, by, first)
    prices = prices_of(tokens.values(), end)
    prices_before = prices_of(tokens.values(), midnight_of(start)) if held_before else {}
    lines = []
    for name in sorted({*sums, *held, *held_before}):
        unrealised = _unrealised(held.get(name, {}), tokens, prices)
        before = _unrealised(held_before.get(name, {}), tokens, prices_before)
        gained = difference(unrealised, before)
        lines.append(_line(name, sums[name], gained, capital.get(name)))
    return lines


def midnight_of(moment: datetime | None) -> datetime | None:
    """The beginning of its day (UTC)."""
    day = day_of(moment)
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)


def _tokens(book: Book) -> set[int]:
    left = {token for (_, token), *_ in (*lots_of(book), *(book.before or ()))}
    return left | {key.token for key in book.days}


@dataclass(frozen=True, slots=True)
class _Groups:
    """Which groups a sum or a lot belongs to."""

    by: By
    tokens: Mapping[int, Token]
    wallets: Mapping[int, str]
    campaigns: Mapping[int, str]
    of_task: Mapping[int, tuple[str, ...]]

    @classmethod
    def read(cls, by: By, tokens: Mapping[int, Token]) -> "_Groups":
        wallets = dict(Wallet.objects.values_list("pk", "label"))
        campaigns = dict(Campaign.objects.values_list("pk", "slug"))
        of_task: dict[int, list[str]] = defaultdict(list)
        for task, slug in Campaign.objects.filter(tasks__isnull=False).values_list("tasks", "slug"):
            of_task[task].append(slug)
        kept = {task: tuple(slugs) for task, slugs in of_task.items()}
        return cls(by, tokens, wallets, campaigns, kept)

    def of_sums(self, key: Key) -> Groups:
        """A task may be for several campaigns: its costs are those of each."""
        if self.by != "campaign":
            return self._of(key.wallet, key.token, key.protocol)
        of_task = self.of_task.get(key.task, ()) if key.task else ()
        return {*of_task, *self._airdrop(key.campaign)}

    def of_lot(self, wallet: int, token: int, lot: Lot) -> Groups:
        """Gains on what was received count for what it was received from."""
        if self.by != "campaign":
            return self._of(wallet, token, lot.protocol)
        return self._airdrop(lot.campaign)

    def _airdrop(self, campaign: int | None) -> Groups:
        slug = self.campaigns.get(campaign) if campaign else None
        return (slug,) if slug else ()

    def _of(self, wallet: int, token: int, protocol: str) -> Groups:
        match self.by:
            case "wallet":
                return (self.wallets[wallet],)
            case "network":
                return (self.tokens[token].network.slug,)
            case _:
                return (protocol,) if protocol else ()


def _held(lots: Iterable[LotThere], groups: _Groups) -> dict[str, dict[int, Held]]:
    found: dict[str, dict[int, Held]] = defaultdict(lambda: defaultdict(Held))
    for (wallet, token), where, lot, cost in lots:
        # What is owed is nobody's gain but the wallet's.
        if where == LOAN and groups.by in ("campaign", "protocol"):
            continue
        for name in groups.of_lot(wallet, token, lot):
            found[name][token].add(lot, cost, where)
    return found


def _unrealised(
    held: Mapping[int, Held], tokens: Mapping[int, Token], prices: Mapping[int, tuple[int, int]]
) -> Money:
    total = 0
    for token, lots in held.items():
        net, price = lots.amount - lots.owed, prices.get(token)
        if lots.unknown:
            return Money(None, f"what a part of the {tokens[token]} cost is unknown")
        if net and price is None:
            return Money(None, f"the price of {tokens[token]} is unknown or stale")
        value = worth(abs(net), tokens[token].decimals, price) or 0
        total += (-value if net < 0 else value) - lots.cost
    return Money(dollars(total))


_IN: Mapping[By, tuple[str, ...]] = {
    "protocol": ("put_in",),
    "wallet": ("put_in", "own_in"),
    "network": ("put_in", "bridged_in"),
}
_OUT: Mapping[By, tuple[str, ...]] = {
    "protocol": ("taken_out",),
    "wallet": ("taken_out", "own_out"),
    "network": ("taken_out", "bridged_out"),
}


def _capital(days: Days, groups: _Groups, by: By, first: date | None) -> dict[str, Money]:
    """The most that lay in it at the end of a day; from `first` on, what lay there before too."""
    moved: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    unknown: dict[str, int] = defaultdict(int)
    for key, sums in days.items():
        # What went into a protocol is capital of the protocol only, not of wallet or network.
        if bool(key.protocol) != (by == "protocol"):
            continue
        for name in groups.of_sums(key):
            moved[name][key.day] += _net(sums, by)
            unknown[name] += sums.unknown_flows
    return {
        name: Money(None, f"{name}: capital without a known price of the time: {unknown[name]}")
        if unknown[name]
        else Money(dollars(_most(by_day, first)))
        for name, by_day in moved.items()
    }


def _net(sums: Sums, by: By) -> int:
    came = sum(getattr(sums, name) for name in _IN[by])
    return int(came - sum(getattr(sums, name) for name in _OUT[by]))


def _most(by_day: Mapping[date, int], first: date | None) -> int:
    lay, most = 0, 0
    for day in sorted(by_day):
        if first is not None and day >= first:
            most = max(most, lay)
        lay += by_day[day]
        if first is None or day >= first:
            most = max(most, lay)
    return max(most, lay)


def _line(name: str, sums: Sums, unrealised: Money, capital: Money | None) -> RoiLine:
    money = sums_in_dollars(sums, name)
    costs, income, realised = money["fees"], money["income"], money["realised"]
    invested = costs if capital is None else capital
    parts = (income, realised, unrealised, costs, invested)
    problems = tuple(dict.fromkeys(one.problem for one in parts if one.problem))
    ratio = _ratio(income, realised, unrealised, costs, invested)
    return RoiLine(name, invested, costs, income, realised, unrealised, ratio, problems)


def _ratio(
    income: Money, realised: Money, unrealised: Money, costs: Money, invested: Money
) -> Decimal | None:
    known = [one.dollars for one in (income, realised, unrealised)]
    if None in known or costs.dollars is None or not invested.dollars:
        return None
    with localcontext(prec=2 * DIGITS):
        gain = sum((one for one in known if one is not None), Decimal(0)) - costs.dollars
        return (gain / invested.dollars).quantize(Decimal("0.000001"))
