"""Runs that fail in a row open their protocol's breaker; one run at a time closes it again."""

import pytest

from scheduling.breakers import claim_probe, try_breaker
from scheduling.following import end_run
from scheduling.models import Breaker, Run
from scheduling.states import RunState
from tests.factories import (
    LimitFactory,
    OccurrenceFactory,
    RunFactory,
    StepFactory,
    TaskFactory,
    TransactionFactory,
)
from wallets.models import Limit, Transition
from wallets.transactions.operator import NotPossible

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def run() -> Run:
    """One of the protocol that has just begun."""
    task = TaskFactory.create()
    return RunFactory.create(occurrence=OccurrenceFactory.create(task=task), state="running")


def ends(*states: str) -> list[Run]:
    """A run for each of these ends, one after the other."""
    rows = [run() for _ in states]
    for row, state in zip(rows, states, strict=True):
        end_run(row, RunState(state), "it would revert")
    return rows


@pytest.fixture
def three() -> Limit:
    """Three failed runs in a row open a breaker."""
    return LimitFactory.create(
        kind="max_failures", scope_kind="everything", scope_value="", amount=3
    )


def opened() -> Breaker:
    """The breaker after three runs have failed."""
    ends("failed", "failed", "failed")
    return Breaker.objects.get()


def test_failed_runs_in_a_row_open_it_and_it_says_why(three: Limit) -> None:
    last = ends("failed", "failed", "failed")[-1]
    row = Breaker.objects.get()
    assert (row.state, row.failures, row.counted_run) == ("open", 3, last)
    assert row.reason == f"3 runs in a row failed, run {last.pk} last: it would revert"
    told = Transition.objects.filter(subject="breaker", subject_id=row.pk)
    assert [(one.from_state, one.to_state, one.reason) for one in told] == [
        ("closed", "open", row.reason)
    ]


def test_a_success_between_begins_the_count_anew(three: Limit) -> None:
    ends("failed", "failed", "succeeded", "failed", "cancelled", "failed")
    row = Breaker.objects.get()
    assert (row.state, row.failures) == ("closed", 2)


def test_a_run_that_is_tried_again_counts_once(three: Limit) -> None:
    (first, _) = ends("failed", "failed")
    Run.objects.filter(pk=first.pk).update(state="pending", tries=1)
    first.refresh_from_db()
    end_run(first, RunState.FAILED, "once more")
    assert Breaker.objects.get().failures == 2


def test_without_a_limit_it_never_opens(db: None) -> None:
    ends(*["failed"] * 5)
    assert Breaker.objects.get().state == "closed"


def test_half_open_one_run_passes_and_its_success_closes(three: Limit) -> None:
    row = opened()
    try_breaker(protocol=row.protocol, actor="test", reason="the pool is mended")
    first, second = run(), run()
    assert claim_probe(first) == ""
    assert claim_probe(second) == (f"EVM is being tried again with run {first.pk}; all others wait")
    end_run(first, RunState.SUCCEEDED, "")
    row.refresh_from_db()
    assert (row.state, row.failures, row.probe) == ("closed", 0, None)


def test_half_open_a_failure_opens_it_again(three: Limit) -> None:
    row = opened()
    try_breaker(protocol=row.protocol, actor="test", reason="the pool is mended")
    probe = run()
    claim_probe(probe)
    end_run(probe, RunState.FAILED, "still broken")
    row.refresh_from_db()
    assert row.state == "open"
    assert row.reason == f"run {probe.pk}, with which it was tried again, failed: still broken"


def test_a_probe_that_was_cancelled_makes_room_for_the_next(three: Limit) -> None:
    row = opened()
    try_breaker(protocol=row.protocol, actor="test", reason="the pool is mended")
    probe, following = run(), run()
    claim_probe(probe)
    end_run(probe, RunState.CANCELLED, "not wanted")
    assert claim_probe(following) == ""
    row.refresh_from_db()
    assert (row.state, row.probe) == ("half_open", following)


def test_after_a_cancelled_probe_a_run_that_is_held_can_be_tried(three: Limit) -> None:
    row = opened()
    try_breaker(protocol=row.protocol, actor="test", reason="the pool is mended")
    probe, held = run(), run()
    claim_probe(probe)
    with pytest.raises(NotPossible, match="is half open"):
        try_breaker(protocol=row.protocol, actor="test", reason="once more")
    end_run(probe, RunState.CANCELLED, "not wanted")
    StepFactory.create(run=held, transaction=TransactionFactory.create())
    try_breaker(protocol=row.protocol, actor="test", reason="once more")
    row.refresh_from_db()
    assert (row.state, row.probe) == ("half_open", held)


def test_only_an_open_one_is_tried(three: Limit) -> None:
    (one,) = ends("failed")
    with pytest.raises(NotPossible, match="the breaker of EVM is closed; only an open one"):
        try_breaker(protocol=one.task.protocol, actor="test", reason="why not")
