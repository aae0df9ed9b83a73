"""Between a restore and its resume nothing is begun, and what may have been done stays undone."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from airdrops_site.health.survey import Survey
from airdrops_site.health.workers import look_at_scheduler
from airdrops_site.models import Restore
from airdrops_site.restoring.asking import ask_chain
from airdrops_site.restoring.beginning import begin
from airdrops_site.restoring.resuming import resume
from scheduling.following import go_on
from scheduling.models import Plan, PlanLine, Run, Step, Task
from scheduling.pauses import PAUSED, standing_pauses
from scheduling.plans.making import Maker, Payment, make_plan
from scheduling.plans.running import advance_plans
from scheduling.plans.services import retry_plan
from tests.chains import Chain
from tests.factories import NetworkFactory, ProtocolFactory
from tests.scheduling.plans import coin
from tests.scheduling.tasks import payer, paying, turn
from tests.wallets.test_adoption import elsewhere
from wallets.models import NonceLane, Transaction, Wallet
from wallets.services import resume_installation
from wallets.transactions.operator import NotPossible

pytestmark = [pytest.mark.django_db, pytest.mark.db, pytest.mark.usefixtures("errands")]
SHELL = Maker(None, "shell")


def restored() -> Restore:
    return begin(backup_made_at=timezone.now(), source="noon.tar", by="ann")


def running_plan(**wallets: Wallet) -> Plan:
    """Approved and asked to run; no worker has looked at it."""
    token = coin(NetworkFactory.create())
    payments = [
        Payment(wallets["payer"], token, 5, wallets["friend"].address, f"part {n}") for n in (1, 2)
    ]
    plan = make_plan(kind="transfer", title="a test", payments=payments, maker=SHELL)
    now: dict[str, Any] = {"approved_at": timezone.now(), "look_at": timezone.now()}
    Plan.objects.filter(pk=plan.pk).update(state="running", approved_alone=True, **now)
    return plan


def test_lines_of_a_plan_that_the_backup_has_not_started_are_never_paid() -> None:
    plan = running_plan(payer=payer(), friend=payer("friend"))
    restored()
    advance_plans()
    plan.refresh_from_db()
    assert plan.state == "done"
    assert set(plan.lines.values_list("state", flat=True)) == {"cancelled"}
    assert not Run.objects.exists()


def test_a_line_whose_run_had_not_begun_is_not_tried_again() -> None:
    ProtocolFactory.create(slug="evm")
    plan = running_plan(payer=payer(), friend=payer("friend"))
    advance_plans()
    restored()
    Plan.objects.update(look_at=timezone.now())
    advance_plans()
    assert set(PlanLine.objects.values_list("state", flat=True)) == {"failed"}
    with pytest.raises(NotPossible, match="it may have been paid after the backup"):
        retry_plan(plan=plan, maker=SHELL)


def test_a_run_of_a_plan_that_was_under_way_goes_on_only_after_the_resume() -> None:
    paying(payer())
    turn()
    Step.objects.update(transaction=None, state="settled", settlement={"movements": []})
    Transaction.objects.all().delete()
    run = Run.objects.get()
    Step.objects.create(run=run, index=1, kind="call", label="next", spec=run.steps.get().spec)
    Task.objects.update(plan=running_plan(payer=payer("one"), friend=payer("friend")))
    restored()
    go_on(Run.objects.get())
    assert not Transaction.objects.exists()
    resume_installation(actor="ann", reason="all is told")
    go_on(Run.objects.get())
    assert Transaction.objects.exists()


def test_nothing_is_dispatched_or_begun_before_the_resume() -> None:
    needed = paying(payer(), starts_at=timezone.now() + timedelta(days=1))
    waiting = paying(payer("other"), needs=(needed,))
    turn()
    restore = restored()
    later = paying(payer("later"))
    Run.objects.update(state="pending", wake_at=timezone.now())
    turn()
    run = Run.objects.get()
    assert (run.task, run.detail[:19]) == (waiting, f"{PAUSED}restored at")
    later.refresh_from_db()
    assert later.next_due_at is not None
    assert any(told.startswith(run.detail) for told in look_at_scheduler(Survey()).problems)
    assert standing_pauses() == [run.detail]
    resume(restore, by="ann", reason="all is told")
    later.refresh_from_db()
    assert later.next_due_at is None


def test_what_a_person_restarted_is_not_held_again_by_the_next_question(
    chain: Chain, wallet: Wallet
) -> None:
    paying(wallet)
    turn()
    NonceLane.objects.update(baseline_nonce=0)
    elsewhere(chain, wallet, 0, value="0x7")
    chain.mine(6)
    restore = ask_chain(restored(), by="ann")
    Run.objects.update(state="running")
    assert ask_chain(restore, by="ann").findings["runs_held"]
    assert Run.objects.get().state == "running"


def test_networks_that_are_resumed_later_leave_alone_what_runs_by_then() -> None:
    restore = restored()
    resume(restore, by="ann", reason="all is told")
    Restore.objects.update(left=["slow"])
    needed = paying(payer(), starts_at=timezone.now() + timedelta(days=1))
    paying(payer("other"), needs=(needed,))
    turn()
    states = list(Run.objects.values_list("state", flat=True))
    resume(Restore.objects.get(), by="ann", reason="the slow one answers")
    assert list(Run.objects.values_list("state", flat=True)) == states != []
    assert not Transaction.objects.exists()


@pytest.mark.parametrize(("sent", "state"), [(0, "running"), (1, "needs_operator")])
def test_a_run_whose_next_step_is_where_no_lane_tells_waits_if_its_wallet_was_there(
    chain: Chain, wallet: Wallet, sent: int, state: str
) -> None:
    paying(wallet)
    turn()
    Step.objects.update(transaction=None, state="settled", settlement={"movements": []})
    Transaction.objects.all().delete()
    NonceLane.objects.all().delete()
    run = Run.objects.get()
    Step.objects.create(run=run, index=1, kind="call", label="next", spec={"chain_id": None})
    for nonce in range(sent):
        elsewhere(chain, wallet, nonce)
    ask_chain(restored(), by="ann")
    run.refresh_from_db()
    assert run.state == state
