"""Prices over time, and how much they moved, against other ways to work that out."""

import math
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import PricePointFactory, TokenFactory
from tests.factories.values import NOON
from wallets.models import PricePoint, PriceSource
from wallets.price_history import keep_points, moment_of, price_at, prices_between
from wallets.volatility import DAY, HOUR, PriceState, measure, state_of, volatilities

MINUTE = timedelta(minutes=1)
unhurried = settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])


def points(prices: list[int], window: timedelta = DAY) -> list[PricePoint]:
    """Prices of the window, evenly, the newest at noon."""
    apart = timedelta(seconds=window // timedelta(seconds=len(prices) - 1))
    return [
        PricePoint(amount=price, decimals=8, at=NOON - place * apart)
        for place, price in reversed(list(enumerate(reversed(prices))))
    ]


@unhurried
@given(st.lists(st.integers(1, 10**30), min_size=12, max_size=40))
def test_a_swing_is_the_way_from_lowest_to_highest_rounded_up(prices: list[int]) -> None:
    found = measure(points(prices), NOON, DAY)
    swing = Fraction(max(prices) - min(prices), min(prices)) * 10_000
    assert found is not None
    assert found.swing == math.ceil(swing)


@unhurried
@given(st.lists(st.integers(10**6, 10**12), min_size=12, max_size=40))
def test_what_moved_is_the_root_of_squared_logarithms(prices: list[int]) -> None:
    found = measure(points(prices), NOON, DAY)
    moves = [math.log(later / earlier) for earlier, later in pairwise(prices)]
    assert found is not None
    assert found.realised == pytest.approx(math.hypot(*moves) * 10_000, rel=1e-9, abs=0.51)


def test_by_hand_a_fall_of_a_quarter_and_back_is_a_third() -> None:
    found = measure(points([2_000, 1_500, 2_000, 2_000], HOUR), NOON, HOUR)
    assert found is not None
    assert (found.swing, found.realised) == (3_334, 4_068)


def test_too_few_prices_and_prices_of_a_part_say_nothing_of_a_window() -> None:
    assert measure(points([1] * 11), NOON, DAY) is None
    assert measure(points([1] * 12, timedelta(hours=12)), NOON, DAY) is None
    assert measure(points([1] * 12), NOON + timedelta(hours=7), DAY) is None


@pytest.mark.parametrize(
    ("swing", "state"), [(1_000, "calm"), (1_001, "moving"), (2_000, "moving"), (2_001, "wild")]
)
def test_states_are_told_beside_what_is_too_much(swing: int, state: str) -> None:
    low = 100_000_000
    found = measure(points([low] * 11 + [low + low * swing // 10_000]), NOON, DAY)
    assert state_of(found, 2_000) == PriceState(state)
    assert state_of(None, 2_000) is PriceState.UNKNOWN


@pytest.mark.django_db
@pytest.mark.db
def test_one_price_is_kept_in_five_minutes() -> None:
    token, start = TokenFactory.create(), moment_of(NOON)
    for minute, price in ((0, 10), (4, 11), (5, 12)):
        keep_points(
            source=PriceSource.HTTP, amounts={token: (price, 0)}, read_at=start + minute * MINUTE
        )
    kept = prices_between([token], start, start + 9 * MINUTE)[token.pk]["http"]
    assert [point.amount for point in kept] == [10, 12]


@pytest.mark.django_db
@pytest.mark.db
def test_a_price_of_the_past_is_the_newest_before_by_who_is_believed_first() -> None:
    token = TokenFactory.create()
    for source, minutes, price in (("chainlink", 60, 7), ("http", 5, 8), ("chainlink", -5, 9)):
        at = NOON - minutes * MINUTE
        PricePointFactory.create(token=token, source=source, amount=price, at=at)
    found = price_at(token, NOON)
    assert found is not None
    assert found.amount == 7
    assert price_at(token, NOON - timedelta(days=2)) is None
    assert price_at(token, NOON + timedelta(days=2)) is None


@pytest.mark.django_db
@pytest.mark.db
def test_how_tokens_moved_is_one_question(django_assert_num_queries: object) -> None:
    tokens = TokenFactory.create_batch(3)
    for token in tokens[:2]:
        for point in points([5] * 12):
            PricePointFactory.create(token=token, amount=5, at=point.at)
    with django_assert_num_queries(1):  # type: ignore[operator]
        found = volatilities(tokens, NOON)
    assert set(found) == {token.pk for token in tokens[:2]}
