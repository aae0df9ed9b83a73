"""Stopping workers: what is in hand is finished, nothing new begins, and it says what is left."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from protocols.models import Protocol
from protocols.services import sync_protocols
from scheduling.models import Run, Task
from scheduling.services import create_task
from scheduling.shutdown import readiness
from tests import factories
from tests.airdrops_site.guides import run
from tests.chains import ETHER, Chain, make_network, make_wallet
from tests.processes import environment, eventually, manage
from wallets.drain import start_draining
from wallets.models import Attempt, WakeUp, WorkerCluster
from wallets.wakeups import in_hand

real = pytest.mark.django_db(transaction=True, serialized_rollback=True)
plain = pytest.mark.django_db
pytestmark = [pytest.mark.db]


def send_tasks(chain: Chain) -> list[Task]:
    """Two tasks that each send 1 ETH, from wallets of their own, due now."""
    chain.rpc.call("evm_setIntervalMining", 1)
    network = make_network(chain)
    sync_protocols()
    receiver = make_wallet("receiver", chain, ether=0)
    return [
        create_task(
            task=Task(
                name=f"send {label}",
                protocol=Protocol.objects.get(slug="evm"),
                action="transfer",
                network=network,
                params={"to": receiver.address, "amount": str(ETHER)},
                schedule=Task.Schedule.ONCE,
                starts_at=timezone.now() + timedelta(seconds=later),
            ),
            wallets={make_wallet(label, chain): {}},
        )
        for label, later in (("first", 0), ("second", 3600))
    ]


@real
@pytest.mark.postgresql
@pytest.mark.parametrize("tell", [os.kill, os.killpg], ids=["its-parent", "its-whole-group"])
def test_sigterm_finishes_the_step_in_hand_and_begins_nothing(
    chain: Chain, keystores: Path, tmp_path: Path, tell: Callable[[int, int], None]
) -> None:
    _, second = send_tasks(chain)
    log = tmp_path / "workers.log"
    command = [sys.executable, "-m", "tests.slow_cluster", "nonce_taken", "2"]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=settings.BASE_DIR,
            env=environment(),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        assert eventually(lambda: "at nonce_taken" in log.read_text()), log.read_text()
        assert not Attempt.objects.exists()
        tell(process.pid, signal.SIGTERM)
        # What becomes due now is for the next start.
        Task.objects.filter(pk=second.pk).update(next_due_at=timezone.now())
        process.wait(30)
    told = log.read_text()
    assert "stopping: the jobs in hand are finished, nothing new begins" in told
    assert "stopped; still pending, and safe where it is: jobs in hand: none; runs: 1" in told
    assert Attempt.objects.get().times_sent >= 1
    assert Run.objects.count() == 1
    assert readiness().code == 0


@real
@pytest.mark.postgresql
def test_a_kill_after_the_check_loses_nothing(
    chain: Chain, keystores: Path, tmp_path: Path
) -> None:
    _, second = send_tasks(chain)
    log = tmp_path / "workers.log"
    with manage("qcluster", log=log) as process:
        assert eventually(Attempt.objects.exists), log.read_text()
        run('manage.py drain start --reason "maintenance"')
        connection.close()
        call_command("shutdown_check", wait=20.0)
        os.killpg(process.pid, signal.SIGKILL)
    Task.objects.filter(pk=second.pk).update(next_due_at=timezone.now())
    run('manage.py drain stop --reason "done"')
    WorkerCluster.objects.update(fenced_at=timezone.now())
    with manage("qcluster", log=log):
        done = Run.objects.filter(state="succeeded")
        assert eventually(lambda: done.count() == 2), log.read_text()
    assert Attempt.objects.count() == 2


@plain
def test_it_is_not_safe_while_workers_take_new_work(db: None) -> None:
    factories.WorkerClusterFactory.create(beat_at=timezone.now(), fenced_at=None)
    assert readiness().reasons[0].startswith("workers take new work")
    start_draining(actor="test", reason="maintenance")
    assert readiness().code == 0


@plain
def test_it_is_not_safe_while_a_job_or_a_lane_is_in_hand(db: None) -> None:
    factories.NonceLaneFactory.create(lease_expires_at=timezone.now() + timedelta(seconds=5))
    for key in ("advance", "watch:1", "beat:x"):
        WakeUp.objects.create(key=key, path="x", in_hand=1, started_at=timezone.now())
    jobs, lane = readiness().reasons
    assert jobs == "jobs are in hand: advance"
    assert lane.endswith("has its turn now")


@plain
def test_nobody_can_tell_while_a_cluster_is_silent_and_not_ended(db: None) -> None:
    long_ago = timezone.now() - timedelta(minutes=5)
    factories.WorkerClusterFactory.create(started_at=long_ago, beat_at=long_ago, fenced_at=None)
    assert readiness().code == 2
    with pytest.raises(SystemExit) as ended:
        call_command("shutdown_check", json=True)
    assert ended.value.code == 2


@plain
def test_a_job_that_was_killed_is_in_no_hand_after_a_minute(db: None) -> None:
    WakeUp.objects.create(key="tick", path="x", in_hand=1, started_at=timezone.now())
    assert in_hand() == ["tick"]
    WakeUp.objects.update(started_at=timezone.now() - timedelta(seconds=61))
    assert in_hand() == []
