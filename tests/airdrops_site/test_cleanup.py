"""What nothing needs goes in batches; the books, what is unfinished and every due time stay."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_q.models import Success

from airdrops_site.cleaning.services import CleanupBusy, CleanupStopped, clean_up
from airdrops_site.models import Operation
from analytics.models import Rollup, RollupMark
from analytics.models.rollups import Metric
from analytics.rollups.running import roll_up
from analytics.rollups.verifying import verify
from scheduling.models import Breaker, Occurrence, Run, Step
from tests import factories
from wallets import leases
from wallets.batches import FIRST, LARGEST, SMALLEST, next_size, remove_in_batches, windows
from wallets.models import EndpointAnswer, WakeUp

pytestmark = [pytest.mark.django_db, pytest.mark.db]
LONG_AGO = timezone.now() - timedelta(days=93)


def a_run(**more: object) -> Run:
    run = factories.RunFactory.create(**{"state": "failed", **more})
    Run.objects.filter(pk=run.pk).update(state_changed_at=LONG_AGO)
    factories.TransitionFactory.create(
        subject="run", subject_id=run.pk, to_state=run.state, at=LONG_AGO
    )
    return run


def later(run: Run, **more: object) -> Run:
    occurrence = factories.OccurrenceFactory.create(task=run.task, wallet=run.wallet)
    return a_run(occurrence=occurrence, **more)


def cleaned() -> dict[str, int]:
    said = StringIO()
    call_command("cleanup", "--json", stdout=said)
    return dict(json.loads(said.getvalue())["tables"])


def test_a_run_that_signed_nothing_goes_and_its_due_time_stays() -> None:
    first = a_run()
    factories.StepFactory.create(run=first, transaction=None, state="failed")
    last = later(first)
    roll_up()
    assert cleaned()["runs that signed nothing"] == 2
    assert list(Run.objects.all()) == [last]
    assert Occurrence.objects.filter(pk=first.occurrence_id).exists()
    assert not Step.objects.filter(run=first.pk).exists()


@pytest.mark.parametrize("more", [{"state": "held"}, {"wake_at": LONG_AGO}])
def test_what_is_unfinished_stays(more: dict[str, object]) -> None:
    first = a_run(**more)
    later(first)
    roll_up()
    assert cleaned()["runs that signed nothing"] == 0


def test_a_run_with_a_transaction_or_that_something_else_goes_by_stays() -> None:
    acted, needed = a_run(state="succeeded"), a_run()
    factories.StepFactory.create(run=acted)
    factories.TaskDependencyFactory.create(needs=needed.task)
    counted = a_run()
    Breaker.objects.create(protocol=counted.task.protocol, counted_run=counted)
    later(acted), later(needed), later(counted)
    roll_up()
    assert cleaned()["runs that signed nothing"] == 0
    assert Run.objects.count() == 6


def test_sums_over_runs_are_right_after_their_runs_went() -> None:
    first = a_run()
    later(first)
    roll_up()
    rows = Rollup.objects.filter(metric=Metric.RUNS).order_by("pk")
    kept = list(rows.values_list("pk", "count", "protocol"))
    assert cleaned()["runs that signed nothing"] == 1
    roll_up()
    assert list(verify(metrics=[Metric.RUNS])) == []
    assert kept == list(rows.values_list("pk", "count", "protocol")) != []


def test_without_closed_sums_no_run_goes() -> None:
    later(a_run())
    RollupMark.objects.all().delete()
    assert cleaned()["runs that signed nothing"] == 0


@pytest.mark.parametrize(("final", "left"), [(True, 0), (False, 1)])
def test_answers_go_once_the_transaction_is_final(*, final: bool, left: int) -> None:
    row = factories.TransactionFactory.create(**({"final": True} if final else {}))
    attempt = factories.AttemptFactory.create(transaction=row)
    EndpointAnswer.objects.create(
        attempt=attempt, endpoint="one", sending=1, answer="sent", text="sent", at=LONG_AGO
    )
    assert cleaned()["answers of endpoints"] == 1 - left
    assert EndpointAnswer.objects.count() == left


def test_what_is_only_in_the_way_goes() -> None:
    Session.objects.create(session_key="old", session_data="", expire_date=LONG_AGO)
    Success.objects.create(
        id="old", name="old", func="f", started=LONG_AGO, stopped=LONG_AGO, success=True
    )
    for key, failures in (("beat:1", 0), ("tick", 3)):
        WakeUp.objects.create(key=key, path="p", finished_at=LONG_AGO, failures=failures)
    factories.OperationFactory.create_batch(2, started_at=LONG_AGO)
    found = cleaned()
    assert [found[name] for name in ("sessions", "results of jobs", "wake-ups")] == [1, 1, 1]
    assert found["operations"] == 1
    assert WakeUp.objects.get().failures == 3


def test_a_dry_run_counts_and_deletes_and_writes_nothing() -> None:
    Session.objects.create(session_key="old", session_data="", expire_date=LONG_AGO)
    said = StringIO()
    call_command("cleanup", "--dry-run", "--json", stdout=said)
    assert json.loads(said.getvalue())["rows"] == 1
    assert Session.objects.count() == 1
    assert not Operation.objects.exists()


def test_what_was_freed_is_kept_as_an_operation() -> None:
    Session.objects.create(session_key="old", session_data="", expire_date=LONG_AGO)
    cleaned()
    row = Operation.objects.get()
    assert (row.kind, row.outcome, row.figures) == ("cleanup", "succeeded", {"sessions": 1})


def test_one_process_at_a_time_cleans() -> None:
    leases.take("cleanup", owner="another", duration=timedelta(minutes=1))
    with pytest.raises(CleanupBusy, match="another process"):
        clean_up(by="a test", progress=print)


def test_an_interruption_leaves_whole_batches_and_the_next_time_does_the_rest() -> None:
    sessions = [
        Session(session_key=f"{n:04}", session_data="", expire_date=LONG_AGO) for n in range(250)
    ]
    Session.objects.bulk_create(sessions)
    removed: list[int] = []

    def stop(count: int) -> None:
        removed.append(count)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        remove_in_batches(Session.objects.all(), lambda rows: rows.delete()[0], stop)
    assert removed == [FIRST]
    assert cleaned()["sessions"] == 250 - FIRST


def test_an_interrupted_cleanup_says_that_the_next_goes_on() -> None:
    def stop(_line: str) -> None:
        raise KeyboardInterrupt

    later(a_run())
    roll_up()
    with pytest.raises(CleanupStopped, match="goes on with the rest"):
        clean_up(by="a test", progress=stop)
    row = Operation.objects.get()
    assert (row.outcome, "goes on" in row.summary) == ("failed", True)


@pytest.mark.parametrize("text", ["90", "7d", "-1d", "1e9d", "101y", "ninety"])
def test_a_bad_age_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(CommandError, match=r"is not 8d to 36500d|expected one") as refused:
        call_command("cleanup", f"--older-than={text}")
    assert refused.value.returncode == 2


@pytest.mark.parametrize("text", ["90d", "12w", "1y", "8d"])
def test_every_form_of_an_age_is_taken(text: str) -> None:
    Session.objects.create(session_key="old", session_data="", expire_date=LONG_AGO)
    said = StringIO()
    call_command("cleanup", "--older-than", text, "--json", stdout=said)
    assert json.loads(said.getvalue())["tables"]["sessions"] == 1


def test_only_what_is_older_goes() -> None:
    Success.objects.create(
        id="old", name="old", func="f", started=LONG_AGO, stopped=LONG_AGO, success=True
    )
    gone = []
    for text in ("94d", "14w", "90d"):
        said = StringIO()
        call_command("cleanup", "--older-than", text, "--json", stdout=said)
        gone.append(json.loads(said.getvalue())["tables"]["results of jobs"])
    assert gone == [0, 0, 1]


def test_a_batch_has_as_many_rows_as_fit_into_its_time() -> None:
    assert next_size(400, 0.1) == 100
    assert next_size(SMALLEST, 9.0) == SMALLEST
    assert next_size(40, 0.001) == 80
    assert next_size(400, 0.0) == LARGEST


def test_a_table_is_walked_in_windows_whatever_its_keys_are() -> None:
    for n in range(7):
        expire_date = LONG_AGO if n % 3 else timezone.now()
        Session.objects.create(session_key=f"{n:04}", session_data="", expire_date=expire_date)
    old = Session.objects.filter(expire_date=LONG_AGO)
    found = [[row.pk for row in part.order_by("pk")] for part in windows(old, size=3)]
    assert found == [["0001", "0002"], ["0004", "0005"], []]
    assert remove_in_batches(old, lambda rows: rows.delete()[0], lambda _: None, size=3) == 4
