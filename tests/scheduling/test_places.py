"""No more runs at a time than a task and the limits of every scope allow."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from scheduling.dispatch import dispatch_due
from scheduling.models import Run, Step
from scheduling.runs import advance_runs
from tests.factories import LimitOverrideFactory
from tests.scheduling.tasks import cancel, payer, paying, turn
from tests.threads import workers
from wallets.models import Limit

pytestmark = [pytest.mark.django_db, pytest.mark.db, pytest.mark.usefixtures("errands")]


def running() -> int:
    """How many runs have begun and are not over."""
    return Run.objects.filter(state="running").count()


def test_a_task_begins_no_more_runs_than_it_has_places() -> None:
    task = paying(*map(payer, "abc"), max_running=2)
    turn()
    assert running() == 2
    (waiting,) = Run.objects.filter(state="pending")
    assert (waiting.wallet.label, waiting.detail) == (
        "c",
        f"waits for a place: 2 of {task} at a time",
    )


def test_whoever_ends_gives_its_place_to_the_next_at_once() -> None:
    paying(*map(payer, "abc"), max_running=1)
    turn()
    cancel(Run.objects.get(state="running"))
    advance_runs()
    assert Run.objects.get(state="running").wallet.label == "b"


@pytest.mark.parametrize(
    ("scope", "value"),
    [("everything", ""), ("network", ""), ("protocol", "errands"), ("action", "pay")],
)
def test_a_limit_counts_the_runs_of_all_tasks_in_its_scope(scope: str, value: str) -> None:
    first, second = (paying(payer(label)) for label in "ab")
    value = first.network.slug if scope == "network" else value
    Limit.objects.create(kind="max_running", scope_kind=scope, scope_value=value, amount=1)
    turn()
    assert running() == 1
    assert Run.objects.get(task=second).detail.startswith("waits for a place: 1 of ")


def test_a_limit_of_a_wallet_leaves_the_others_alone() -> None:
    one, other = payer("one"), payer("other")
    Limit.objects.create(kind="max_running", scope_kind="wallet", scope_value="one", amount=1)
    for _ in range(2):
        paying(one, other)
    turn()
    assert sorted(Run.objects.filter(state="running").values_list("wallet__label", flat=True)) == [
        "one",
        "other",
        "other",
    ]


def test_a_run_that_waits_has_no_place() -> None:
    paying(payer("a"), payer("b"), max_running=1)
    turn()
    Step.objects.update(state="waiting", kind="wait")
    turn()
    assert running() == 2


def test_runs_without_a_place_are_in_nobodys_way() -> None:
    paying(*(payer(f"w{number:02}") for number in range(70)), max_running=1, priority=20)
    turn()
    other = paying(payer("z"), priority=-10)
    dispatch_due()
    advance_runs()
    assert Run.objects.get(task=other).state == "running"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.postgresql
def test_two_workers_do_not_take_the_same_place() -> None:
    paying(*map(payer, "abcd"), max_running=1)
    dispatch_due()
    with workers(4) as submit:
        for done in [submit(advance_runs) for _ in range(4)]:
            done.result(timeout=60)
    with transaction.atomic():
        assert running() == 1


def test_a_place_is_not_kept_for_a_run_whose_turn_is_later() -> None:
    first = paying(payer("a"), payer("b"), priority=20)
    second = paying(payer("c"))
    Limit.objects.create(kind="max_running", scope_kind="everything", amount=1)
    turn()
    later = Run.objects.filter(task=first, wallet__label="b")
    later.update(wake_at=timezone.now() + timedelta(hours=1), detail="")
    cancel(Run.objects.get(state="running"))
    advance_runs()
    assert Run.objects.get(state="running").task == second


def test_an_override_counts_for_places_too() -> None:
    for label in "ab":
        paying(payer(label))
    limit = Limit.objects.create(kind="max_running", scope_kind="everything", amount=2)
    LimitOverrideFactory.create(limit=limit, amount=1)
    turn()
    assert running() == 1
