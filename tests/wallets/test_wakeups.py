"""Work that is done for many, one after another; and how long what was asked for waits."""

from datetime import timedelta

import pytest
from django.utils import timezone

from wallets import wakeups
from wallets.models import WakeUp


@pytest.mark.db
@pytest.mark.django_db
def test_what_is_asked_for_again_has_waited_since_it_was_first_asked_for() -> None:
    wakeups.request("tick")
    since = timezone.now() - timedelta(minutes=5)
    lost = timezone.now() - 2 * wakeups.LOST_AFTER
    WakeUp.objects.update(enqueued_at=lost, waiting_since=since)
    assert wakeups.request("tick")
    count, waits = wakeups.waiting(timezone.now())
    assert (count, waits.total_seconds() // 60) == (1, 5)
    wakeups.run("tick")
    assert wakeups.waiting(timezone.now()) == (0, timedelta(0))
    wakeups.request("tick")
    assert wakeups.waiting(timezone.now())[1] < timedelta(minutes=1)


def test_one_that_fails_keeps_no_other_from_its_turn() -> None:
    done: list[float] = []
    failed: list[tuple[int, str]] = []
    wakeups.each(
        lambda number: done.append(1 / number),
        [1, 0, 2],
        failed=lambda number, error: failed.append((number, type(error).__name__)),
    )
    assert (done, failed) == ([1, 0.5], [(0, "ZeroDivisionError")])
