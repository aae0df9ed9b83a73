"""Work that is done for many, one after another."""

from wallets import wakeups


def test_one_that_fails_keeps_no_other_from_its_turn() -> None:
    done: list[float] = []
    failed: list[tuple[int, str]] = []
    wakeups.each(
        lambda number: done.append(1 / number),
        [1, 0, 2],
        failed=lambda number, error: failed.append((number, type(error).__name__)),
    )
    assert (done, failed) == ([1, 0.5], [(0, "ZeroDivisionError")])
