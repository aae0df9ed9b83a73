"""What failed is tried again only where it has surely done nothing, and is not unknown."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from scheduling.models import Run, Step
from scheduling.retries import reason_not_to_retry, retry_run
from scheduling.runs import advance_runs
from tests.factories import SignedRequestFactory
from tests.scheduling.tasks import cancel, payer, paying, run_of, turn
from wallets.models import Transaction
from wallets.transactions.operator import NotPossible

pytestmark = [pytest.mark.django_db, pytest.mark.db, pytest.mark.usefixtures("errands")]


def failed(state: str = "refused", outcome: str = "", **fields: Any) -> Run:
    """A run whose transaction ended so."""
    task = paying(payer(), **fields)
    turn()
    Transaction.objects.update(state=state, outcome=outcome, detail="it says no")
    advance_runs()
    return run_of(task)


def test_a_refused_run_is_tried_again_later_and_later() -> None:
    run = failed(max_retries=2, retry_seconds=100)
    pauses = []
    for _ in range(2):
        assert run.wake_at is not None
        pauses.append((run.wake_at - run.state_changed_at).total_seconds())
        turn()
        turn()
        Transaction.objects.filter(state="queued").update(state="refused", detail="no")
        advance_runs()
        run = run_of(run.task)
    assert 100 <= pauses[0] <= 126
    assert 200 <= pauses[1] <= 251
    assert (run.state, run.tries, run.wake_at) == ("failed", 2, None)


def test_a_new_try_plans_behind_the_old_steps() -> None:
    run = failed()
    retry_run(run=run, actor="a person", reason="try it")
    turn()
    steps = Step.objects.filter(run=run).order_by("index")
    assert list(steps.values_list("index", "state")) == [(0, "failed"), (1, "submitted")]
    assert Transaction.objects.values("idempotency_key").distinct().count() == 2


@pytest.mark.parametrize(
    ("state", "outcome", "may"),
    [
        ("refused", "", True),
        ("expired", "", True),
        ("cancelled", "", True),
        ("final", "reverted", True),
        ("confirmed", "reverted", False),
        ("final", "succeeded", False),
        ("voided", "", False),
        ("needs_operator", "", False),
        ("broadcast", "", False),
    ],
)
def test_only_what_surely_did_nothing_may_be_tried_again(
    state: str, outcome: str, *, may: bool
) -> None:
    run = failed()
    fields = {"nonce": 1} if state not in ("refused", "expired", "cancelled") else {}
    Transaction.objects.update(state=state, outcome=outcome, **fields)
    assert (reason_not_to_retry(run) == "") is may


def test_what_is_done_is_not_done_twice() -> None:
    run = failed()
    Step.objects.update(state="settled", settlement={"movements": []})
    with pytest.raises(NotPossible, match="is done: it would be done twice"):
        retry_run(run=run, actor="a person", reason="again")


def test_a_run_is_tried_again_by_one_of_two() -> None:
    run = failed()
    retry_run(run=run, actor="a", reason="one")
    with pytest.raises(NotPossible, match="is pending; only failed runs"):
        retry_run(run=run, actor="b", reason="two")


def test_what_a_person_cancelled_is_not_tried_again_by_itself() -> None:
    task = paying(payer(), max_retries=3)
    turn()
    cancel(run_of(task))
    turn()
    run = run_of(task)
    assert (run.state, run.wake_at) == ("failed", None)
    assert "not tried again: a person cancelled what it had begun" in run.detail


def test_wrong_parameters_are_as_wrong_the_next_time() -> None:
    task = paying(payer(), max_retries=3)
    type(task).objects.filter(pk=task.pk).update(params={})
    turn()
    assert (run_of(task).state, run_of(task).wake_at) == ("failed", None)


def test_a_run_that_takes_too_long_lets_nothing_be_signed_after() -> None:
    task = paying(payer(), timeout_seconds=60, window_seconds=3600)
    turn()
    row = Transaction.objects.get()
    started = run_of(task).started_at
    assert started is not None
    assert row.valid_until == started + timedelta(seconds=60)
    Run.objects.update(started_at=timezone.now() - timedelta(seconds=61))
    Transaction.objects.update(state="expired", detail="too late")
    advance_runs()
    run = run_of(task)
    assert run.state == "failed"
    assert "timed out: it took longer than 60 s" in run.detail


def test_a_further_step_is_not_begun_after_the_time() -> None:
    task = paying(payer(), timeout_seconds=60)
    turn()
    first = Step.objects.get()
    Step.objects.create(run=first.run, index=1, kind="call", label="more", spec=first.spec)
    Step.objects.filter(pk=first.pk).update(state="settled", settlement={"movements": []})
    Run.objects.update(started_at=timezone.now() - timedelta(seconds=61), wake_at=timezone.now())
    advance_runs()
    assert run_of(task).detail.startswith("timed out")
    assert Step.objects.get(index=1).state == "cancelled"


def test_what_a_person_cancelled_at_a_venue_is_not_tried_again() -> None:
    run = failed(max_retries=2)
    request = SignedRequestFactory.create(wallet=run.wallet, state="cancelled")
    run.steps.update(transaction=None, request=request, kind="signed_request")
    turn()
    run.refresh_from_db()
    assert (run.state, run.wake_at) == ("failed", None)
    assert "a person cancelled what it had begun" in run.detail
