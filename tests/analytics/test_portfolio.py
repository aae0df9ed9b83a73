"""What a portfolio did: equal to pandas and another library's rates on generated books."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pandas as pd
import pytest
import pyxirr
from django.utils import timezone

from analytics.equity import record_point
from analytics.models import EquityPoint
from analytics.portfolio import PortfolioError, distribution, measures, points
from tests import factories
from wallets.models import NonceLane, PricePoint, Token

pytestmark = [pytest.mark.django_db, pytest.mark.db]
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
START = datetime(2026, 1, 1, tzinfo=UTC)
USDC = 10**6


@pytest.fixture
def usdc(db: None) -> Token:
    """A dollar each, priced on every day."""
    return priced("USDC", [10**8] * 62)


def priced(symbol: str, amounts: list[int]) -> Token:
    token = factories.TokenFactory.create(symbol=symbol, decimals=6)
    PricePoint.objects.bulk_create(
        PricePoint(
            token=token, source="chainlink", amount=one, decimals=8, at=START + (n - 1) * DAY
        )
        for n, one in enumerate(amounts)
    )
    return token


def close(day: int, cents: int | None, **fields: Any) -> EquityPoint:
    """What all was worth when the day ended."""
    at = START + day * DAY - MINUTE
    return factories.EquityPointFactory.create(
        at=at, cents=cents, problem="" if cents is not None else "a gap", **fields
    )


def paid(token: Token, at: datetime, dollars: int) -> None:
    """From outside, or there where it is below zero."""
    lane = NonceLane.objects.first() or factories.NonceLaneFactory.create(network=token.network)
    row = factories.TransactionFactory.create(lane=lane, final=True)
    factories.LedgerEntryFactory.create(
        receipt__attempt__transaction=row,
        token=token,
        kind="in" if dollars > 0 else "out",
        amount=abs(dollars) * USDC,
        occurred_at=at,
    )


def book(usdc: Token, days: int = 60) -> tuple[list[float], list[tuple[int, int]]]:
    """Values at the end of each day and payments, each right before one of these ends."""
    chance, value, values = Random(5), 100_000, [100_000]
    paying = {9: 500, 20: -300, 33: 1_200, 47: -450}
    close(0, value)
    for day in range(1, days):
        value = value * (10_000 + chance.randrange(-250, 280)) // 10_000
        at = START + day * DAY - MINUTE
        if day in paying:
            factories.EquityPointFactory.create(at=at - MINUTE, cents=value)
            paid(usdc, at, paying[day])
            value += paying[day] * 100
        close(day, value)
        values.append(value)
    return [one / 100 for one in values], sorted(paying.items())


def test_returns_and_risk_are_what_pandas_says(usdc: Token) -> None:
    values, paying = book(usdc)
    found = measures(start=START, end=START + 60 * DAY, risk_free="0.03", benchmarks=())
    frame = pd.DataFrame({"value": values})
    frame["flow"] = pd.Series(dict(paying)).reindex(frame.index).fillna(0.0)
    daily = ((frame["value"] - frame["flow"]) / frame["value"].shift(1) - 1).dropna()
    index = pd.concat([pd.Series([1.0]), (1 + daily).cumprod()])
    expected = {
        "twr": index.iloc[-1] - 1,
        "volatility": daily.std() * 365**0.5,
        "sharpe": (daily.mean() - (1.03 ** (1 / 365) - 1)) / daily.std() * 365**0.5,
        "max_drawdown": (1 - index / index.cummax()).max(),
        "current_drawdown": 1 - index.iloc[-1] / index.max(),
    }
    ours = {name: float(getattr(found, name).value) for name in expected}
    assert ours == pytest.approx(expected, abs=1e-9)
    assert (found.returns, found.holes) == (59, ())


def test_the_money_weighted_return_is_what_another_library_says(usdc: Token) -> None:
    values, paying = book(usdc)
    found = measures(start=START, end=START + 60 * DAY, benchmarks=())
    rows = [(0, -values[0]), *((day, -float(one)) for day, one in paying), (59, values[-1])]
    days = [(START + day * DAY).date() for day, _ in rows]
    assert float(found.mwr.value or 0) == pytest.approx(
        pyxirr.xirr(days, [one for _, one in rows]), rel=1e-8
    )
    assert found.flows.dollars == sum(one for _, one in paying)


def test_money_is_no_loss_before_balances_have_seen_it(usdc: Token) -> None:
    at = START + DAY
    for minutes, cents, age in (
        (-2, 100_000, 1),
        (2, 100_000, 5),
        (4, 200_000, 1),
        (9, 210_000, 1),
    ):
        factories.EquityPointFactory.create(
            at=at + minutes * MINUTE, cents=cents, as_of=at + (minutes - age) * MINUTE
        )
    paid(usdc, at, 1_000)
    found = measures(start=START, end=START + 2 * DAY, benchmarks=())
    assert found.twr.value == Decimal("0.05")
    assert found.max_drawdown.value == 0


def test_a_benchmark_is_the_same_money_in_a_coin(usdc: Token) -> None:
    for day, cents in enumerate((100_000, 110_000, 160_000)):
        close(day, cents)
    paid(usdc, START + 1 * DAY + HOUR, 300)
    # 20, 25 and 40 dollars on the three days.
    priced("WETH", [20 * 10**8, 25 * 10**8, 40 * 10**8])
    found = measures(start=START, end=START + 3 * DAY, benchmarks=("ETH", "BTC"))
    eth, btc = found.benchmarks
    # 1,000 / 20 + 300 / 40 = 57.5 coins at 40 dollars.
    assert (eth.twr.value, eth.worth.dollars) == (Decimal(1), Decimal(2_300))
    assert "2 are known" in eth.beta.problem
    assert btc.twr.problem == "no price of a token called BTC or WBTC is stored"


def test_days_nobody_knows_are_said_and_left_out(usdc: Token) -> None:
    for day in range(20):
        if day != 12:
            close(day, None if day in (5, 6) else 100_000 + day * 100)
    found = measures(start=START, end=START + 20 * DAY, benchmarks=())
    told = [(hole.first.day, hole.last.day, hole.why) for hole in found.holes]
    assert told == [(5, 6, "a gap"), (12, 12, "nothing was added up")]
    assert found.returns == 19 - 3 - 2
    assert found.twr.value == Decimal("0.019")
    assert "3 days have no known value" in found.notes[1]
    shown = points(start=START - DAY, end=START + 20 * DAY)
    assert [one.cents for one in shown[5:8]] == [None, None, 100_700]


def test_a_payment_of_unknown_worth_makes_returns_unknown(usdc: Token) -> None:
    ghost = factories.TokenFactory.create(symbol="GHOST", network=usdc.network)
    for day in range(3):
        close(day, 100_000)
    paid(ghost, START + HOUR, 5)
    found = measures(start=START, end=START + 3 * DAY, benchmarks=())
    assert (found.twr.value, found.mwr.value, found.gain.dollars) == (None, None, None)
    assert "the price of GHOST" in found.twr.problem
    assert points(start=START - DAY, end=START + 3 * DAY)[1].flow_cents is None


def test_too_few_values_are_no_measure(db: None) -> None:
    close(1, 100)
    found = measures(start=START, end=START + 3 * DAY)
    assert found.twr.problem == "fewer than two known values lie in that time"


@pytest.mark.parametrize("rate", ["four", "nan", "-1", "40"])
def test_a_rate_that_is_none_is_refused(rate: str) -> None:
    with pytest.raises(PortfolioError, match="no rate"):
        measures(start=START, end=START + DAY, risk_free=rate)


def test_where_all_is_comes_to_what_it_is_worth(db: None) -> None:
    network = factories.NetworkFactory.create(kind="devnet")
    usdc = factories.TokenFactory.create(network=network, symbol="USDC", decimals=6)
    factories.PriceFactory.create(token=usdc, amount=1, decimals=0)
    first, second = factories.WalletFactory.create_batch(2)
    for wallet, amount in ((first, 100), (second, 50)):
        factories.BalanceFactory.create(wallet=wallet, token=usdc, amount=amount * USDC)
    reading = factories.PositionReadingFactory.create(
        wallet=first, network=network, protocol__slug="aave"
    )
    for kind, amount in (("supplied", 30), ("borrowed", 10)):
        factories.PositionRowFactory.create(
            reading=reading, kind=kind, amount=amount * USDC, token=usdc.address
        )
    record_point()
    named = {part.name: part.cents for part in distribution("wallet").parts}
    assert named == {first.label: 12_000, second.label: 5_000}
    assert {one.name: one.cents for one in distribution("protocol").parts} == {
        "in wallets": 15_000,
        "aave": 2_000,
    }
    assert distribution("token").hhi.value == 1
    assert round(distribution("wallet").parts[0].share or 0, 9) == round(Decimal(12) / 17, 9)


def test_of_an_hour_only_the_newest_point_says_what_each_wallet_had(db: None) -> None:
    noon = timezone.now().replace(hour=12, minute=0)
    for minutes in (0, 2, 70):
        record_point(noon + minutes * MINUTE)
    kept = ["wallets" in one.parts for one in EquityPoint.objects.order_by("at")]
    assert kept == [False, True, True]
    assert distribution("wallet", noon).unknown == ()
