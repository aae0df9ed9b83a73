"""After a restore nothing that was due meanwhile is caught up, whatever a task's policy."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from airdrops_site.restoring.asking import ask_chain
from airdrops_site.restoring.beginning import begin
from scheduling.models import Occurrence, Run, Task
from scheduling.restoring import skip_missed
from tests.chains import Chain
from tests.scheduling.tasks import payer, paying, turn
from tests.wallets.test_adoption import elsewhere
from wallets.models import NonceLane, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db, pytest.mark.usefixtures("errands")]
HOURLY: dict[str, Any] = {"schedule": "interval", "interval_seconds": 3600, "misfire": "all"}


def test_what_was_due_meanwhile_is_skipped_and_never_run() -> None:
    since = timezone.now() - timedelta(days=4, minutes=1)
    task = paying(payer(), starts_at=since, **HOURLY)
    paused = paying(payer("other"), starts_at=since, enabled=False, **HOURLY)
    done = skip_missed(since=since, until=timezone.now(), actor="restore")
    turn()
    assert done.due_times == 2 * 97
    for one in (task, paused):
        rows = Occurrence.objects.filter(task=one)
        assert set(rows.values_list("state", "reason")) == {("skipped", "restored")}
    assert not Run.objects.exists()
    assert Task.objects.filter(next_due_at__gt=timezone.now()).count() == 2


def test_what_was_dispatched_and_had_not_begun_is_cancelled() -> None:
    task = paying(payer())
    turn()
    begun = Run.objects.get()
    waiting = paying(payer("other"), needs=(task,))
    turn()
    skip_missed(since=timezone.now(), until=timezone.now(), actor="restore")
    run = Run.objects.get(task=waiting)
    assert (run.state, run.detail[:8]) == ("cancelled", "restored")
    assert Run.objects.get(pk=begun.pk).state == "running"


def test_it_may_be_done_again() -> None:
    since = timezone.now() - timedelta(hours=2, minutes=1)
    paying(payer(), starts_at=since, **HOURLY)
    until = timezone.now()
    assert skip_missed(since=since, until=until, actor="restore").due_times == 3
    assert skip_missed(since=since, until=until, actor="restore").due_times == 0


def test_a_run_whose_wallet_did_the_unexplained_waits_for_a_person(
    chain: Chain, wallet: Wallet
) -> None:
    paying(wallet)
    turn()
    NonceLane.objects.update(baseline_nonce=0)
    elsewhere(chain, wallet, 0, value="0x7")
    chain.mine(6)
    restore = ask_chain(begin(backup_made_at=timezone.now(), source="noon.tar", by="ann"), by="ann")
    run = Run.objects.get()
    assert (run.state, restore.findings["runs_held"]) == ("needs_operator", [run.pk])


def test_nothing_of_another_time_is_left_to_run() -> None:
    paying(payer(), starts_at=timezone.now() - timedelta(hours=1))
    OrmQ.objects.create(key="k", payload="p", lock=timezone.now())
    NonceLane.objects.update(lease_owner="old", lease_expires_at=timezone.now())
    epochs = set(NonceLane.objects.values_list("lease_epoch", flat=True))
    begin(backup_made_at=timezone.now(), source="noon.tar", by="ann")
    assert not OrmQ.objects.exists()
    assert Occurrence.objects.get().reason == "restored"
    assert Task.objects.get().next_due_at is None
    assert epochs == {
        epoch - 1 for epoch in NonceLane.objects.values_list("lease_epoch", flat=True)
    }
