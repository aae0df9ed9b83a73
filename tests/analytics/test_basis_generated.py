"""Generated books against another way of reckoning: every single base unit on its own."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from random import Random
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.basis import METHODS, Method
from analytics.basis.book import Book
from analytics.basis.engine import Engine
from analytics.basis.entries import Entry
from analytics.basis.profits import Held, holdings
from analytics.basis.state import State
from wallets.models import Network, Token

START = datetime(2026, 1, 1, tzinfo=UTC)
COIN = Token(pk=1, network=Network(pk=1, slug="n"), symbol="C", decimals=0)
ATTO = 10**18


def entry(number: int, wallet: int, kind: str, amount: int, account: str, price: int) -> Entry:
    return Entry(
        pk=number,
        wallet=wallet,
        token=COIN,
        kind=kind,
        amount=amount,
        account=account,
        protocol="",
        campaign=None,
        # Several in the same moment, so that their order has to be found.
        at=START + timedelta(hours=number // 3),
        cause=f"c{number}",
        network=1,
        block=number,
        transaction=number,
        action="",
        task=None,
        run=None,
        quoted=None,
        cost_cents=None,
        price=(price, 0) if price else None,
        provisional=False,
        counterparty="",
        hash=f"{number:03}",
    )


def generated(seed: int, count: int = 80) -> list[Entry]:
    """Buys, sales, fees and transfers of three wallets; some without a price, some of nothing."""
    random, made = Random(seed), list[Entry]()
    for number in range(1, count + 1):
        amount, price = random.randint(1, 9), random.choice((0, 3, 5, 7, 11, 13, 17))
        wallet, other = random.sample((1, 2, 3), 2)
        match random.choice(("in", "in", "out", "fee", "own")):
            case "in":
                made.append(entry(number, wallet, "in", amount, "outside", price))
            case "out":
                made.append(entry(number, wallet, "out", amount, "outside", price))
            case "fee":
                made.append(entry(number, wallet, "fee", amount, "fee", price))
            case _:
                made.append(entry(number, wallet, "out", amount, "own", price))
                made.append(replace(entry(number, other, "in", amount, "own", price), pk=-number))
    return made


@dataclass
class Plain:
    """Wallets as lists of units: when each was acquired, and what it cost."""

    average: bool
    units: dict[int, list[tuple[float, Fraction | None]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    realised: dict[int, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    unknown: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def read(self, entries: list[Entry]) -> None:
        carried: list[tuple[float, Fraction | None]] = []
        for one in entries:
            value = Fraction(one.price[0]) if one.price else None
            if one.kind == "in" and one.account == "own":
                self.units[one.wallet] += carried
            elif one.kind == "in":
                self.units[one.wallet] += [(one.at.timestamp(), value)] * one.amount
            else:
                carried = self._take(one.wallet, one.amount)
                if one.account != "own":
                    self._sell(one.wallet, carried, value)

    def _take(self, wallet: int, amount: int) -> list[tuple[float, Fraction | None]]:
        mine = sorted(self.units[wallet], key=lambda unit: unit[0])
        if self.average and mine:
            costs = [cost for _, cost in mine]
            known = None if None in costs else sum(c for c in costs if c is not None)
            mean = None if known is None else Fraction(known) / len(mine)
            mine = [(at, mean) for at, _ in mine]
        taken, self.units[wallet] = mine[:amount], mine[amount:]
        return taken + [(0, None)] * (amount - len(taken))

    def _sell(
        self, wallet: int, taken: list[tuple[float, Fraction | None]], value: Fraction | None
    ) -> None:
        for _, cost in taken:
            if cost is None or value is None:
                self.unknown[wallet] += 1
            else:
                self.realised[wallet] += value - cost


def followed(entries: list[Entry], method: str) -> Book:
    engine = Engine(cast("Method", method)).read(replace(one) for one in entries)
    return Book(cast("Method", method), engine.days, engine.state)


def close(one: int, other: Fraction, method: str) -> bool:
    """FIFO to the last digit; a mean is cut off at 1e-18 dollars, each time it is taken."""
    return one == other * ATTO if method == "fifo" else abs(one - other * ATTO) < 1000


@pytest.mark.parametrize("method", METHODS)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_the_profit_is_what_counting_single_units_gives(method: str, seed: int) -> None:
    entries = generated(seed)
    plain, book = Plain(method == "average"), followed(entries, method)
    plain.read(entries)
    sums, held = book.sums(lambda key: key.wallet), holdings(book)
    for wallet, found in sums.items():
        assert close(found.proceeds - found.cost, plain.realised[wallet], method)
        assert bool(found.unknown_gains) == bool(plain.unknown[wallet])
        kept, units = held.get((wallet, 1), Held()), plain.units[wallet]
        assert kept.amount == len(units)
        if not kept.unknown:
            assert close(
                kept.cost, sum((cost or Fraction(0) for _, cost in units), Fraction(0)), method
            )


@pytest.mark.parametrize("method", METHODS)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_no_dollar_of_cost_is_lost_or_made(method: str, seed: int) -> None:
    """Also where prices do not divide: what was paid is what was sold and what is left."""
    random, paid = Random(seed), 0
    engine = Engine(cast("Method", method))
    for number in range(60):
        kind, price = random.choice(("in", "in", "out")), random.randint(1, 999)
        one = entry(number, 1, kind, random.randint(1, 1000), "outside", price)
        one.price = (price, 19)
        if kind == "out":
            one.amount = min(one.amount, engine.state.pool(1, 1).amount) or 1
        if kind == "in" or engine.state.pool(1, 1).amount:
            engine.apply([one])
            paid += (one.worth or 0) if kind == "in" else 0
    book = Book(cast("Method", method), engine.days, engine.state)
    sold = sum(sums.cost for sums in engine.days.values())
    assert sold + sum(held.cost for held in holdings(book).values()) == paid


@given(seed=st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_the_order_of_booking_is_of_no_account(seed: int) -> None:
    entries = generated(seed)
    shuffled = [replace(one, pk=number) for number, one in enumerate(entries)]
    Random(seed).shuffle(shuffled)
    shuffled.sort(key=lambda one: one.at)  # as the database gives them: by time, then by chance
    one, other = followed(entries, "fifo"), followed(shuffled, "fifo")
    assert one.days == other.days
    assert holdings(one) == holdings(other)


@given(seed=st.integers(0, 2**32), cut=st.integers(0, 80))
@settings(max_examples=20, deadline=None)
@pytest.mark.parametrize("method", METHODS)
def test_a_state_that_was_kept_goes_on_as_if_nothing_had_been(
    method: str, seed: int, cut: int
) -> None:
    entries = generated(seed)
    moment = START + timedelta(hours=cut // 3)
    before = [one for one in entries if one.at < moment]
    kept = followed(before, method).state.dump()
    engine = Engine(cast("Method", method), State.load(cast("Method", method), kept))
    engine.read(replace(one) for one in entries if one.at >= moment)
    assert engine.state.dump() == followed(entries, method).state.dump()
