"""Lots packed in blocks are the lots that a plain list has."""

from bisect import insort_right

from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.basis.lot import Lot
from analytics.basis.queued import BLOCK, Lots

LARGEST = 2**256 - 1
# By date, so that they come in order, far out of it, or many at one moment.
_RUNS = st.tuples(st.integers(0, 5_000), st.integers(1, 3 * BLOCK), st.sampled_from((0, 1, -1)))


@settings(max_examples=30, deadline=None)
@given(runs=st.lists(_RUNS, min_size=1, max_size=6), taken=st.integers(0, 4 * BLOCK))
def test_packed_lots_leave_in_the_order_and_with_the_figures_of_a_plain_list(
    runs: list[tuple[int, int, int]], taken: int
) -> None:
    packed, plain = Lots(), list[Lot]()
    for begin, count, step in runs:
        for number in range(count):
            facts = (LARGEST - number, None if number % 3 else number, begin + step * number)
            packed.add(Lot(*facts, number, "aave"))
            insort_right(plain, Lot(*facts, number, "aave"), key=lambda one: one.acquired)
        for _ in range(min(taken, len(plain) - 1)):
            assert packed.pop_first() == plain.pop(0)
        assert packed.first.split(1) == plain[0].split(1)
    assert list(packed) == plain
    assert [packed.pop_first() for _ in plain] == plain
    assert not packed
