"""Cost basis against published answers, and each kind of entry against a hand-made one."""

from datetime import timedelta
from decimal import Decimal
from typing import cast

import pytest
from django.utils import timezone

from analytics.basis import Method, ProfitLine, profit
from analytics.basis.book import Book, disposals
from analytics.basis.engine import Disposal, Engine
from analytics.basis.entries import read_entries
from analytics.basis.money import dollars
from analytics.roi import roi
from tests.analytics.written import Desk, book, fee, into, on, out, price, usd
from tests.factories import NativeCoinFactory, StepFactory, TokenFactory
from wallets.models import Price, Token, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def desk(db: None) -> Desk:
    """Two wallets, and three tokens of one network."""
    return Desk.lay()


def buy(desk: Desk, day: int, shares: str, paid: str) -> None:
    book(
        day,
        out(desk.alice, desk.usd, paid, "trade"),
        into(desk.alice, desk.fund, shares, "trade"),
    )


def sell(desk: Desk, day: int, shares: str, got: str) -> None:
    book(
        day,
        out(desk.alice, desk.fund, shares, "trade"),
        into(desk.alice, desk.usd, got, "trade"),
    )


def line(wallet: Wallet, token: Token, method: str = "fifo") -> ProfitLine:
    found = profit(method=cast("Method", method)).lines
    return next(one for one in found if (one.wallet, one.token) == (wallet, token))


def told(method: str = "fifo") -> list[Disposal]:
    found: list[Disposal] = []
    disposals(cast("Method", method), found.append)
    return found


def of(token: Token, method: str = "fifo") -> list[Disposal]:
    return [one for one in told(method) if one.entry.token == token]


# IRS Publication 564 (2009), page 7, Table 3 "Example of How To Figure Basis of Shares Sold".
IRS_BUYS = [(0, "160", "4000"), (183, "240", "4800"), (316, "10", "300")]


@pytest.mark.parametrize(
    ("method", "basis"), [("fifo", Decimal(5000)), ("average", Decimal(9100) * 210 / 410)]
)
def test_the_basis_of_shares_sold_is_that_of_publication_564(
    desk: Desk, method: str, basis: Decimal
) -> None:
    for day in (0, 183, 316, 603):
        price(desk.usd, day, "1")
    for day, shares, paid in IRS_BUYS:
        buy(desk, day, shares, paid)
    sell(desk, 603, "210", "6720")
    sold = of(desk.fund, method)
    assert abs(sum(dollars(one.cost or 0) for one in sold) - basis) < Decimal("1e-15")
    realised = line(desk.alice, desk.fund, method).realised.dollars
    assert realised is not None
    assert abs(realised - (6720 - basis)) < Decimal("1e-15")


def test_the_average_basis_of_publication_564_is_16_dollars_a_share(desk: Desk) -> None:
    """Page 7: shares for $1,000, $1,200 and $2,600, 300 in all; 150 sold have a basis of $2,400."""
    for day, (shares, paid) in enumerate([("100", "1000"), ("100", "1200"), ("100", "2600")]):
        price(desk.usd, day, "1")
        buy(desk, day, shares, paid)
    price(desk.usd, 3, "1")
    sell(desk, 3, "150", "3000")
    assert sum(one.cost or 0 for one in of(desk.fund, "average")) == 2400 * 10**18
    assert line(desk.alice, desk.fund, "average").cost.dollars == 2400


def test_a_transfer_carries_cost_and_date_to_the_other_wallet(desk: Desk) -> None:
    price(desk.usd, 0, "1")
    buy(desk, 0, "10", "100")
    book(5, out(desk.alice, desk.fund, "4", "own"), into(desk.bob, desk.fund, "4", "own"))
    price(desk.fund, 9, "25")
    book(9, out(desk.bob, desk.fund, "4", "outside"))
    (sold,) = of(desk.fund)
    assert (sold.cost, sold.proceeds) == (40 * 10**18, 100 * 10**18)
    assert sold.acquired == int(on(0).timestamp())
    assert line(desk.alice, desk.fund).cost.dollars == 60


def test_a_bridge_carries_them_to_the_other_network_and_what_it_keeps_is_a_cost(
    desk: Desk,
) -> None:
    far = NativeCoinFactory.create()
    for token, day in ((desk.eth, 0), (desk.eth, 1), (far, 2)):
        price(token, day, "2000")
    book(0, into(desk.alice, desk.eth, "1", "outside"))
    book(1, out(desk.alice, desk.eth, "1", "bridge", protocol="scroll"))
    book(2, into(desk.alice, far, "0.95", "bridge", protocol="scroll"))
    there = line(desk.alice, far)
    assert usd(there.quantity, there.cost) == (95 * 10**16, 1900)
    assert usd(there.fees, there.realised) == (100, 0)
    assert line(desk.alice, desk.eth).quantity == 0


def test_what_arrives_is_matched_by_its_run_also_at_another_wallet(desk: Desk) -> None:
    price(desk.eth, 0, "2000")
    run = StepFactory.create()
    book(0, into(desk.alice, desk.eth, "3", "outside"))
    book(1, out(desk.alice, desk.eth, "1", "bridge"))
    book(1, out(desk.alice, desk.eth, "2", "bridge", step=run))
    book(2, into(desk.bob, NativeCoinFactory.create(), "1.5", "bridge", step=run))
    arrived = next(one for one in profit().lines if one.wallet == desk.bob)
    assert usd(arrived.cost, arrived.fee_amount) == (3000, 5 * 10**17)
    assert line(desk.alice, desk.eth).elsewhere == 10**18


def test_what_rests_inside_a_protocol_is_ours_and_what_is_more_comes_as_income(desk: Desk) -> None:
    for day in range(3):
        price(desk.eth, day, str(1000 + 100 * day))
    book(0, into(desk.alice, desk.eth, "2", "outside"))
    book(1, out(desk.alice, desk.eth, "2", "protocol", protocol="aave"))
    assert line(desk.alice, desk.eth).elsewhere == 2 * 10**18
    book(2, into(desk.alice, desk.eth, "2.5", "protocol", protocol="aave"))
    back = line(desk.alice, desk.eth)
    assert (back.quantity, back.elsewhere) == (25 * 10**17, 0)
    assert usd(back.cost, back.income, back.realised) == (2600, 600, 0)


def test_a_fee_costs_what_it_is_worth_and_is_sold_for_that(desk: Desk) -> None:
    price(desk.eth, 0, "1000")
    price(desk.eth, 3, "1500")
    book(0, into(desk.alice, desk.eth, "1", "outside"))
    book(3, fee(desk.alice, desk.eth, "0.1"))
    paid = line(desk.alice, desk.eth)
    assert usd(paid.fees, paid.realised) == (150, 50)
    assert usd(paid.fee_amount, paid.cost) == (10**17, 900)


def test_what_is_swapped_for_something_without_a_price_is_worth_what_went(desk: Desk) -> None:
    price(desk.usd, 0, "0.99")
    buy(desk, 0, "10", "100")
    assert line(desk.alice, desk.fund).cost.dollars == 99


def test_an_unknown_price_stays_unknown_in_every_lot_that_comes_of_it(desk: Desk) -> None:
    book(0, into(desk.alice, desk.fund, "10", "airdrop"))
    book(1, out(desk.alice, desk.fund, "4", "own"), into(desk.bob, desk.fund, "4", "own"))
    price(desk.fund, 2, "3")
    book(2, out(desk.bob, desk.fund, "1", "outside"))
    kept = line(desk.bob, desk.fund)
    assert kept.realised.dollars is None
    assert kept.cost.problem.startswith("what 3 FUND of the FUND on")
    assert line(desk.alice, desk.fund).income.dollars is None


def test_what_leaves_without_having_come_is_of_unknown_origin(desk: Desk) -> None:
    price(desk.fund, 0, "3")
    book(0, out(desk.alice, desk.fund, "5", "outside"))
    (sold,) = told()
    assert (sold.cost, sold.proceeds, sold.origin_known) == (None, 15 * 10**18, False)
    assert "without ever having come" in line(desk.alice, desk.fund).problems[-1]


def test_what_comes_out_of_a_protocol_without_having_gone_in_is_no_income(desk: Desk) -> None:
    price(desk.eth, 0, "1000")
    book(0, into(desk.alice, desk.eth, "1", "protocol", protocol="aave"))
    back = line(desk.alice, desk.eth)
    assert usd(back.income, back.cost) == (0, None)


def test_a_pool_is_one_position_that_gains_what_came_back_less_what_went_in(desk: Desk) -> None:
    """Also where it turned one of the tokens into the other."""
    shares = TokenFactory.create(network=desk.eth.network, symbol="LP")
    inside = {"account": "protocol", "protocol": "pool"}
    for day, at in ((0, "100"), (1, "100"), (2, "200")):
        price(desk.eth, day, at)
        price(desk.usd, day, "1")
    book(0, into(desk.alice, desk.eth, "1", "outside"))
    book(0, into(desk.alice, desk.usd, "100", "outside"))
    gone = out(desk.alice, desk.eth, "1", **inside), out(desk.alice, desk.usd, "100", **inside)
    book(1, *gone, into(desk.alice, shares, "10", **inside))
    assert usd(line(desk.alice, shares).cost, line(desk.alice, shares).worth) == (200, None)
    come = into(desk.alice, desk.eth, "0.8", **inside), into(desk.alice, desk.usd, "150", **inside)
    book(2, out(desk.alice, shares, "10", **inside), *come)
    found = line(desk.alice, shares)
    assert usd(found.realised, found.quantity, found.unrealised) == (110, 0, 0)
    assert usd(*(line(desk.alice, one).income for one in (desk.eth, desk.usd))) == (0, 0)
    (pool,) = roi(by="protocol")
    assert usd(pool.invested, pool.realised, pool.income) == (200, 110, 0)


def test_what_a_pool_without_shares_turned_into_another_token_is_no_known_income(
    desk: Desk,
) -> None:
    inside = {"account": "protocol", "protocol": "pool"}
    for day in (0, 1):
        price(desk.eth, day, "100")
        price(desk.usd, day, "1")
    book(0, out(desk.alice, desk.eth, "1", **inside), out(desk.alice, desk.usd, "100", **inside))
    come = into(desk.alice, desk.eth, "0.5", **inside), into(desk.alice, desk.usd, "150", **inside)
    book(1, *come)
    assert line(desk.alice, desk.usd).income.dollars is None


def test_what_is_borrowed_is_owed_and_interest_is_a_cost(desk: Desk) -> None:
    for day, at in enumerate(("1000", "1200", "1300")):
        price(desk.eth, day, at)
    book(0, into(desk.alice, desk.eth, "1", "outside"))
    book(1, into(desk.alice, desk.eth, "2", "protocol", protocol="aave"))
    book(2, out(desk.alice, desk.eth, "2.1", "protocol", protocol="aave"))
    engine = Engine("fifo")
    for entry in read_entries():
        entry.action = {1: "borrow", 2: "repay"}.get((entry.at - on(0)).days, "")
        engine.apply([entry])
    sums = Book("fifo", engine.days, engine.state).sums(lambda key: key.wallet)[desk.alice.pk]
    assert (sums.fees, sums.income, sums.fee_amount) == (130 * 10**18, 0, 10**17)
    # One that cost 1000 and one that cost 1200 paid the 2400; a tenth that cost 1200 went for 1300.
    assert sums.proceeds - sums.cost == (2400 - 2200 + 130 - 120) * 10**18


def test_until_a_day_to_come_is_at_the_prices_of_now(desk: Desk) -> None:
    """`--to` the end of the year, as the guide has it, is no moment of the past."""
    price(desk.eth, 0, "1000")
    book(0, into(desk.alice, desk.eth, "1", "outside"))
    now = timezone.now()
    facts = {"at": now, "stale_at": now + timedelta(hours=1), "read_at": now}
    Price.objects.create(token=desk.eth, source="manual", amount=3000, decimals=0, **facts)
    (kept,) = profit(until=now + timedelta(days=60)).lines
    assert kept.unrealised.dollars == 2000


def test_reversed_entries_count_for_nothing(desk: Desk) -> None:
    price(desk.eth, 0, "1000")
    book(0, into(desk.alice, desk.eth, "1", "outside"))
    book(0, into(desk.alice, desk.eth, "7", "outside", status="reversed"))
    book(0, into(desk.alice, desk.eth, "2", "outside", status="provisional"))
    kept = line(desk.alice, desk.eth)
    assert (kept.quantity, kept.provisional) == (3 * 10**18, 1)
