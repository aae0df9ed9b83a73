"""Pauses: nothing new begins within their scope, and what they held begins when they end."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from airdrops_site.health.survey import Survey
from airdrops_site.health.workers import look_at_scheduler
from analytics.alerts.facts import Look
from analytics.alerts.looks.work import late_tasks
from scheduling.dispatch import dispatch_due
from scheduling.gates.pause import PauseGate
from scheduling.gates.registry import Subject
from scheduling.models import Occurrence, Pause, Run, Step, Task
from scheduling.pauses import pause_scope, resume_scope
from scheduling.runs import advance_runs
from tests import factories
from tests.airdrops_site.test_admin_facts import sign_in
from tests.market import Market
from tests.scheduling.tasks import payer, paying, turn
from tests.scheduling.tasks import run_of as latest
from tests.scheduling.trading import one_round, run_of, swap, until_allowed, until_ended
from wallets.drain import start_draining, stop_draining
from wallets.models import Network, Transaction, Transition, Wallet
from wallets.services import pause_installation, resume_installation
from wallets.transactions.limits import read_limits
from wallets.transactions.operator import NotPossible

pytestmark = [pytest.mark.django_db, pytest.mark.db]
WHO: Any = {"actor": "shell test", "reason": "looked into"}


def a_run() -> Run:
    """One that is due, with a wallet of a group and a tag."""
    group = factories.WalletGroupFactory.create(name="farm")
    wallet = factories.WalletFactory.create(label="w1", group=group)
    wallet.tags.add(factories.WalletTagFactory.create(name="hot"))
    task = factories.TaskFactory.create(name="daily")
    occurrence = factories.OccurrenceFactory.create(task=task, wallet=wallet)
    return factories.RunFactory.create(
        occurrence=occurrence, state="pending", wake_at=timezone.now()
    )


def scopes(run: Run) -> list[tuple[str, str]]:
    """Every scope that covers the run."""
    return [
        ("everything", ""),
        ("protocol", run.task.protocol.slug),
        ("network", run.task.network.slug),
        ("wallet", "w1"),
        ("group", "farm"),
        ("tag", "hot"),
        ("task", "daily"),
    ]


@pytest.mark.parametrize("place", range(7))
def test_a_run_in_scope_is_held_with_the_reason(place: int) -> None:
    run = a_run()
    kind, value = scopes(run)[place]
    pause_scope(scope=kind, value=value, **WHO)
    advance_runs()
    run.refresh_from_db()
    shown = f"{kind} {value}".strip()
    assert (run.state, run.detail) == ("held", f"paused: {shown}: looked into")


def test_what_is_out_of_scope_begins(db: None) -> None:
    run = a_run()
    factories.PauseFactory.create(scope_kind="task", scope_value="another")
    advance_runs()
    run.refresh_from_db()
    assert not run.detail.startswith("paused")


def test_looking_again_tells_nothing_twice(db: None) -> None:
    run = a_run()
    pause_scope(scope="everything", **WHO)
    for _ in range(3):
        Run.objects.update(wake_at=timezone.now())
        advance_runs()
    assert Transition.objects.filter(subject="run", subject_id=run.pk).count() == 1


def test_resuming_wakes_what_was_held_at_once(db: None) -> None:
    run = a_run()
    pause_scope(scope="tag", value="hot", **WHO)
    advance_runs()
    resume_scope(scope="tag", value="hot", actor="shell test", reason="done")
    run.refresh_from_db()
    assert run.wake_at is not None
    assert run.wake_at <= timezone.now()
    told = Transition.objects.filter(subject="pause").values_list("to_state", "reason")
    assert list(told) == [("paused", "tag hot: looked into"), ("resumed", "tag hot: done")]


def test_a_paused_task_keeps_its_due_time_for_its_misfire_policy(db: None) -> None:
    due = timezone.now() - timedelta(seconds=5)
    task = factories.TaskFactory.create(name="daily", enabled=True, next_due_at=due)
    factories.TaskWalletFactory.create(task=task)
    pause_scope(scope="task", value="daily", **WHO)
    dispatch_due()
    assert (Task.objects.get().next_due_at, Occurrence.objects.count()) == (due, 0)
    resume_scope(scope="task", value="daily", **WHO)
    dispatch_due()
    assert Occurrence.objects.count() == 1


@pytest.mark.parametrize("how", ["draining", "paused"])
def test_a_whole_installation_that_rests_makes_no_run_and_names_no_task_late(how: str) -> None:
    due = timezone.now() - timedelta(seconds=90)
    task = factories.TaskFactory.create(enabled=True, next_due_at=due)
    factories.TaskWalletFactory.create(task=task)
    rest, go_on = (
        (start_draining, stop_draining)
        if how == "draining"
        else (pause_installation, resume_installation)
    )
    rest(**WHO)
    assert dispatch_due() == 0
    assert not list(late_tasks(Look(timezone.now(), 60)))
    assert not look_at_scheduler(Survey()).details["oldest_due_seconds"]
    go_on(**WHO)
    assert dispatch_due() == 1


def test_a_run_under_way_makes_no_further_call_until_resumed(
    registered: Network, market: Market, trader: Wallet
) -> None:
    run = swap(registered, market, trader)
    until_allowed(registered, market, trader)
    Step.objects.filter(state="planned").get()
    pause_scope(scope="wallet", value="trader", **WHO)
    for _ in range(6):
        one_round(registered, market)
    run.refresh_from_db()
    assert (run.state, run.detail) == ("running", "paused: wallet trader: looked into")
    assert Transaction.objects.count() == 1
    resume_scope(scope="wallet", value="trader", **WHO)
    until_ended(registered, market)
    run.refresh_from_db()
    assert run.state == "succeeded"


def test_what_has_no_nonce_is_kept_from_being_signed_until_resumed(
    registered: Network, market: Market, trader: Wallet
) -> None:
    run = run_of(registered, trader, "wrap", {"amount": "5"})
    advance_runs()
    pause_scope(scope="task", value=run.task.name, **WHO)
    one_round(registered, market)
    row = Transaction.objects.get()
    assert (row.state, row.hold_reason, row.nonce) == ("held", "gate", None)
    assert row.detail == f"paused: task {run.task.name}: looked into"
    resume_scope(scope="task", value=run.task.name, **WHO)
    until_ended(registered, market)
    row.refresh_from_db()
    assert row.outcome == "succeeded"


def test_the_gate_lets_an_approved_plan_pass(
    registered: Network, market: Market, trader: Wallet
) -> None:
    run = run_of(registered, trader, "wrap", {"amount": "5"})
    advance_runs()
    row = Transaction.objects.select_related("network", "lane__wallet").get()
    pause_scope(scope="everything", **WHO)
    run.task.plan = factories.PlanFactory.create()
    assert PauseGate().check([Subject(row, run.task, read_limits(row.lane))]) == [""]


def test_a_drain_lets_nothing_new_be_signed_on_any_lane(
    registered: Network, market: Market, trader: Wallet
) -> None:
    run_of(registered, trader, "wrap", {"amount": "5"})
    advance_runs()
    start_draining(actor="shell test", reason="maintenance")
    one_round(registered, market)
    row = Transaction.objects.get()
    assert (row.state, row.detail) == ("held", "draining: maintenance")
    stop_draining(actor="shell test", reason="done")
    until_ended(registered, market)
    row.refresh_from_db()
    assert row.outcome == "succeeded"


def test_a_scope_that_names_nothing_is_refused(db: None) -> None:
    with pytest.raises(NotPossible, match="there is no wallet tag called cold"):
        pause_scope(scope="tag", value="cold", **WHO)
    pause_scope(scope="everything", **WHO)
    with pytest.raises(NotPossible, match="everything is paused already"):
        pause_scope(scope="everything", **WHO)
    with pytest.raises(NotPossible, match="tag cold is not paused"):
        resume_scope(scope="tag", value="cold", **WHO)


def test_the_console_pauses_and_resumes_for_an_operator(client: Client) -> None:
    factories.WalletTagFactory.create(name="hot")
    sign_in(client, "operator")
    add = reverse("admin:scheduling_pause_add")
    client.post(add, {"scope_kind": "tag", "scope_value": "cold", "reason": "x"})
    assert not Pause.objects.exists()
    client.post(add, {"scope_kind": "tag", "scope_value": "hot", "reason": "looked into"})
    row = Pause.objects.get()
    assert (row.scope_value, row.actor.startswith("user ")) == ("hot", True)
    client.post(
        f"{reverse('admin:scheduling_pause_ask', args=['resume'])}?id={row.pk}", {"reason": "fine"}
    )
    assert not Pause.objects.exists()


def test_pauses_are_shown_on_the_first_page_and_in_the_health(client: Client) -> None:
    factories.WalletTagFactory.create(name="hot")
    pause_scope(scope="tag", value="hot", **WHO)
    sign_in(client, "viewer")
    assert "Paused: tag hot: looked into" in client.get(reverse("admin:index")).content.decode()
    found = look_at_scheduler(Survey())
    assert (found.severity.word != "healthy", found.details["paused"]) == (
        True,
        ["paused: tag hot: looked into"],
    )


@pytest.mark.usefixtures("errands")
def test_a_run_that_stays_paused_is_told_of_once() -> None:
    task = paying(payer())
    turn()
    first = Step.objects.get()
    Step.objects.create(run=first.run, index=1, kind="call", label="more", spec=first.spec)
    Step.objects.filter(pk=first.pk).update(state="settled", settlement={"movements": []})
    pause_scope(scope="everything", actor="a person", reason="a while")
    Run.objects.update(wake_at=timezone.now())
    for _ in range(3):
        turn()
    told = Transition.objects.filter(subject="run", reason__startswith="paused")
    assert (latest(task).detail, told.count()) == ("paused: everything: a while", 1)
