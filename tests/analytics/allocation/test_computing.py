"""What policies come to: exact sums, bounds, risk levels; and what is refused, and why."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from analytics import allocation
from analytics.allocation.computing import compute_run
from analytics.models import AllocationPolicy, AllocationRun
from tests import factories
from tests.analytics.allocation.capital import half_and_half, held, past_prices
from wallets.models import Network, Price, PricePoint

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def network(db: None) -> Network:
    """6,000 dollars of ETH and 4,000 of USDC."""
    return held()


def shares(run: AllocationRun) -> list[int]:
    """Target basis points, the reserve's last."""
    assert run.problem == ""
    assert sum(one["target_bps"] for one in run.lines) == 10_000
    assert sum(one["current_bps"] for one in run.lines) == 10_000
    assert sum(one["target_cents"] for one in run.lines) == run.total_cents
    return [one["target_bps"] for one in run.lines]


def test_halves_are_half_and_the_reserve_is_kept_out(network: Network) -> None:
    assert shares(compute_run(policy=half_and_half())) == [5_000, 5_000, 0]
    policy = half_and_half(name="kept", reserve_bps=1_000)
    assert shares(compute_run(policy=policy)) == [4_500, 4_500, 1_000]
    policy = half_and_half(name="more", reserve_bps=1_000, reserve_cents=250_000)
    run = compute_run(policy=policy)
    assert shares(run) == [3_750, 3_750, 2_500]
    assert [one["current_cents"] for one in run.lines] == [600_000, 400_000, 0]


def test_less_is_at_work_at_a_higher_risk_and_least_at_an_unknown_one(network: Network) -> None:
    policy = half_and_half(at_medium_bps=8_000, at_high_bps=5_000, at_critical_bps=0)
    policy.buckets.update(min_bps=4_000)
    run = compute_run(policy=policy)
    assert (shares(run), run.level) == ([0, 0, 10_000], "unknown")
    for level, at_work in (("low", 10_000), ("medium", 8_000), ("high", 5_000), ("critical", 0)):
        factories.RiskReadingFactory.create(level=level)
        run = compute_run(policy=policy)
        assert 10_000 - shares(run)[-1] == at_work
    later = timezone.now() - timedelta(hours=1)
    policy.runs.all().delete()
    factories.RiskReadingFactory._meta.model.objects.update(at=later)
    assert shares(compute_run(policy=policy))[-1] == 10_000


def test_risk_parity_gives_the_calmer_one_more(network: Network) -> None:
    past_prices(network, ETH=0.8, USDC=0.2)
    run = compute_run(policy=half_and_half(method="risk_parity"))
    eth, usdc, _ = shares(run)
    assert 2 < usdc / eth < 8
    assert run.inputs["statistics"]["days"] == 59
    assert (run.solver, len(run.digest)) == ("CLARABEL: optimal", 64)


def test_the_same_inputs_have_the_same_digest(network: Network) -> None:
    policy = half_and_half()
    first, second = compute_run(policy=policy), compute_run(policy=policy)
    policy.buckets.filter(symbol="ETH").update(max_bps=4_000)
    third = compute_run(policy=policy)
    assert first.digest == second.digest != third.digest
    assert shares(third) == [4_000, 6_000, 0]
    assert "the nearest that they allow" in third.problems[-1]


def test_kelly_puts_a_fraction_of_what_growth_asks_at_work(network: Network) -> None:
    past_prices(network, ETH=0.8, USDC=0.2)
    policy = half_and_half(method="kelly", kelly_fraction=Decimal("0.25"))
    policy.buckets.filter(symbol="USDC").update(expected_return=0, source="it is a dollar")
    policy.buckets.filter(symbol="ETH").update(expected_return=Decimal("0.2"), source="a desk")
    run = compute_run(policy=policy)
    variance = float(run.inputs["statistics"]["covariance"][0][0])
    assert abs(shares(run)[0] - 2_500 * 0.2 / variance) < 150


def test_mean_variance_takes_returns_of_a_person_and_warns_of_those_of_the_past(
    network: Network,
) -> None:
    past_prices(network, ETH=0.8, USDC=0.2)
    policy = half_and_half(method="mean_variance", means_from_history=True, reserve_bps=1_000)
    policy.buckets.filter(symbol="ETH").update(expected_return=Decimal(9), source="a dream")
    run = compute_run(policy=policy)
    assert shares(run) == [9_000, 0, 1_000]
    assert run.problems == [
        "the expected return of USDC is the mean of 59 past days: it says little about the future"
    ]
    assert run.inputs["buckets"][0]["source"] == "a dream"


def no_price(_policy: AllocationPolicy) -> str:
    Price.objects.filter(token__symbol="USDC").delete()
    return "what is held is not known whole: the price of USDC on devnet-l2 is unknown or stale"


def short_history(policy: AllocationPolicy) -> str:
    policy.method = "risk_parity"
    PricePoint.objects.filter(at__lt=timezone.now() - timedelta(days=20)).delete()
    return "only 19 days have prices of all of ETH, USDC; 30 are needed"


def no_history(policy: AllocationPolicy) -> str:
    policy.method = "risk_parity"
    PricePoint.objects.all().delete()
    return "no price of ETH was stored in the time looked back at"


def old_history(policy: AllocationPolicy) -> str:
    policy.method = "risk_parity"
    PricePoint.objects.filter(at__gt=timezone.now() - timedelta(days=5)).delete()
    return "the newest stored price of ETH is of"


def no_returns(policy: AllocationPolicy) -> str:
    policy.method = "mean_variance"
    return "nobody says what ETH, USDC is expected to return"


def half_a_target(policy: AllocationPolicy) -> str:
    policy.method = "fixed"
    policy.buckets.update(target_bps=3_000)
    return "the fixed shares add up to 6000 basis points"


def bounds_contradict(policy: AllocationPolicy) -> str:
    policy.buckets.update(min_bps=6_000)
    return "the minimums add up to 120.00 %, and only 100.00 % is at work"


def reserve_above_all(policy: AllocationPolicy) -> str:
    policy.reserve_cents = 10**9
    policy.buckets.update(min_bps=1_000)
    return "the minimums add up to 20.00 %, and only 0.00 % is at work"


def reserve_in_a_bucket(policy: AllocationPolicy) -> str:
    policy.reserve_symbol = "USDC"
    return "the reserve is kept in USDC, which is in a bucket, too"


def counted_twice(policy: AllocationPolicy) -> str:
    policy.dimension = "mixed"
    factories.AllocationBucketFactory.create(policy=policy, symbol="", network="devnet-l2")
    return "ETH on devnet-l2 (wallet) would count in ETH and on devnet-l2"


def of_another_kind(policy: AllocationPolicy) -> str:
    policy.dimension = "protocol"
    return "the bucket ETH: The policy's buckets are by protocol"


REFUSED = [
    no_price,
    short_history,
    no_history,
    old_history,
    no_returns,
    half_a_target,
    bounds_contradict,
    reserve_above_all,
    reserve_in_a_bucket,
    counted_twice,
    of_another_kind,
]


@pytest.mark.parametrize("wrong", REFUSED)
def test_what_cannot_be_worked_out_is_refused_with_the_reason(network: Network, wrong: Any) -> None:
    past_prices(network, ETH=0.8, USDC=0.2)
    policy = half_and_half()
    sentence = wrong(policy)
    run = compute_run(policy=policy)
    assert run.status == "refused"
    assert sentence in run.problem
    (line,) = allocation.latest()
    assert (line.current_cents, line.target_bps, line.problem) == (None, None, run.problem)


def test_a_bucket_that_names_more_comes_first(network: Network) -> None:
    reading = factories.PositionReadingFactory.create(
        network=network, wallet__status="verified", protocol__slug="aave"
    )
    usdc = network.tokens.get(symbol="USDC")
    factories.PositionRowFactory.create(reading=reading, token=usdc.address, amount=500 * 10**6)
    read = factories.BalanceSnapshotFactory.create(network=network)
    for token in network.tokens.all():
        factories.BalanceFactory.create(wallet=reading.wallet, token=token, amount=0, snapshot=read)
    policy = half_and_half(dimension="mixed")
    factories.AllocationBucketFactory.create(policy=policy, symbol="USDC", protocol="aave")
    factories.AllocationCapFactory.create(policy=policy, kind="protocol", key="aave", max_bps=2_000)
    run = compute_run(policy=policy)
    assert [one["current_cents"] for one in run.lines] == [600_000, 400_000, 50_000, 0]
    assert shares(run) == [4_000, 4_000, 2_000, 0]
    assert "does not bind ETH, USDC" in run.problems[0]


def test_the_newest_runs_cost_one_question(network: Network) -> None:
    for name in ("first", "second"):
        compute_run(policy=half_and_half(name=name))
    with CaptureQueriesContext(connection) as queries:
        found = allocation.latest()
    assert (len(queries), len(found)) == (1, 6)
    assert [one.target_bps for one in found][:3] == [5_000, 5_000, 0]
