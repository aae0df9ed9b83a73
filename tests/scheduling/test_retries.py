"""What failed is tried again only where it has surely done nothing, and is not unknown."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from scheduling.cancelling import cancel_run
from scheduling.continuing import restart_run
from scheduling.models import Run, Step
from scheduling.operating import run_now
from scheduling.retries import reason_not_to_retry, retry_run, retry_when_due
from scheduling.runs import advance_runs
from scheduling.services import TaskUnderWay, save_task
from tests.airdrops_site.guides import run as manage
from tests.factories import NetworkFactory, SignedRequestFactory
from tests.scheduling.tasks import cancel, payer, paying, run_of, turn
from wallets.models import Transaction
from wallets.transactions.operator import NotPossible
from wallets.transitions import LostRace

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


def test_a_person_stops_the_tries_that_would_come() -> None:
    run = failed(max_retries=3)
    assert run.wake_at is not None
    cancel_run(run_id=run.pk, actor="a person", reason="enough")
    turn()
    run = run_of(run.task)
    assert (run.state, run.wake_at) == ("failed", None)
    assert run.detail.endswith("not tried again: cancelled by a person: enough")


def test_tries_that_would_come_are_among_what_a_task_s_cancel_ends() -> None:
    run = failed(max_retries=3)
    assert manage(f'manage.py tasks cancel "{run.task}" --reason enough')[0] == 0
    assert run_of(run.task).wake_at is None


def test_a_worker_that_had_the_run_in_hand_does_not_try_what_a_person_has_stopped() -> None:
    run = failed(max_retries=3)
    cancel_run(run_id=run.pk, actor="a person", reason="enough")
    with pytest.raises(LostRace):
        retry_when_due(run)
    assert run_of(run.task).state == "failed"


def test_nothing_of_a_task_that_was_switched_off_is_tried_again() -> None:
    run = failed(max_retries=3)
    type(run.task).objects.update(enabled=False)
    turn()
    run = run_of(run.task)
    assert (run.state, run.wake_at) == ("failed", None)
    assert run.detail.endswith("not tried again: its task is switched off")


def timed_out_behind_a_wait(*, tries: int = 0) -> Run:
    """A run whose last step was not begun in time; its earlier tries failed with two steps."""
    task = paying(payer(), timeout_seconds=60)
    turn()
    first = Step.objects.get()
    kinds = [*("call", "call") * tries, "call", "wait", "call"]
    states = [*("failed", "cancelled") * tries, "settled", "settled", "planned"]
    wait = {"label": "w", "condition": "c", "arguments": {}, "first_look": 1, "at_most": 9}
    first.delete()
    for index, (kind, state) in enumerate(zip(kinds, states, strict=True)):
        Step.objects.create(
            run=first.run,
            index=index,
            kind=kind,
            label=f"{kind} {index}",
            spec=wait if kind == "wait" else first.spec | {"label": f"{kind} {index}"},
            state=state,
            settlement={"movements": []} if state == "settled" else None,
        )
    long_ago = timezone.now() - timedelta(seconds=99)
    Run.objects.update(started_at=long_ago, wake_at=timezone.now())
    Transaction.objects.update(state="cancelled")
    advance_runs()
    return run_of(task)


@pytest.mark.parametrize("tries", [0, 1])
def test_a_person_has_a_run_that_timed_out_behind_a_wait_do_just_what_is_left(tries: int) -> None:
    run = timed_out_behind_a_wait(tries=tries)
    assert run.state == "needs_operator"
    restart_run(run_id=run.pk, actor="a person", reason="the claim is due still")
    advance_runs()
    run = run_of(run.task)
    last = 2 * tries + 2
    begun = Step.objects.filter(run=run, state="submitted")
    assert list(begun.values_list("label", flat=True)) == [f"call {last}"]
    assert (run.state, Step.objects.filter(run=run).count()) == ("running", last + 2)


def test_what_fails_after_a_reorganisation_leaves_a_cancelled_run_as_it_ended() -> None:
    task = paying(payer())
    turn()
    Run.objects.update(state="cancelled", cancel_reason="a person said so")
    Transaction.objects.update(state="final", outcome="reverted", nonce=1)
    advance_runs()
    assert (run_of(task).state, Step.objects.get().state) == ("cancelled", "failed")


def test_a_plan_made_anew_takes_the_run_before_its_steps_as_all_others_do() -> None:
    paying(payer(), window_seconds=3600)
    turn()
    Transaction.objects.update(state="expired")
    with CaptureQueriesContext(connection) as asked:
        advance_runs()
    written = [one["sql"].split()[1] for one in asked if one["sql"].startswith("UPDATE")]
    assert Step.objects.filter(state="submitted").count() == 1
    assert written.index('"scheduling_run"') < written.index('"scheduling_step"')


def test_a_wallet_whose_run_is_tried_again_gets_no_second_one() -> None:
    run = failed(max_retries=3)
    begun = run_now(task=run.task, actor="a person")
    assert begun.runs == ()
    assert begun.refused == {"payer": f"run {run.pk} failed and is tried again"}


def test_what_a_task_does_stays_while_a_run_of_it_is_tried_again() -> None:
    run = failed(max_retries=3)
    run.task.action = "sleep"
    with pytest.raises(TaskUnderWay, match=f"run {run.pk} of"):
        save_task(task=run.task)


def test_a_run_is_not_tried_again_as_something_else() -> None:
    run = failed()
    run.task.network = NetworkFactory.create()
    save_task(task=run.task)
    with pytest.raises(NotPossible, match="does something else now"):
        retry_run(run=run, actor="a person", reason="again")


def test_what_a_person_cancelled_at_a_venue_is_not_tried_again() -> None:
    run = failed(max_retries=2)
    request = SignedRequestFactory.create(wallet=run.wallet, state="cancelled")
    run.steps.update(transaction=None, request=request, kind="signed_request")
    turn()
    run.refresh_from_db()
    assert (run.state, run.wake_at) == ("failed", None)
    assert "a person cancelled what it had begun" in run.detail
