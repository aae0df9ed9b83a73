"""The real thing: a task goes through a real qcluster to a confirmed transaction on a chain."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from protocols.models import Protocol
from protocols.services import sync_protocols
from scheduling.models import Run, Task
from scheduling.services import create_task
from tests.chains import ETHER, Chain, make_network, make_wallet
from tests.processes import eventually, manage
from wallets.models import Attempt, WorkerCluster

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.db]


@pytest.fixture
def transfer_task(chain: Chain, keystores: Path) -> Task:
    """Send 1 ETH from the first to the second wallet, due now."""
    chain.rpc.call("evm_setIntervalMining", 1)
    network = make_network(chain)
    sync_protocols()
    sender, receiver = make_wallet("first", chain), make_wallet("second", chain, ether=0)
    task = Task(
        name="send",
        protocol=Protocol.objects.get(slug="evm"),
        action="transfer",
        network=network,
        params={"to": receiver.address, "amount": str(ETHER)},
        schedule=Task.Schedule.ONCE,
        starts_at=timezone.now(),
    )
    return create_task(task=task, wallets={sender: {}})


def _succeeded() -> bool:
    connection.close()
    return Run.objects.filter(state="succeeded").exists()


def test_a_due_task_is_confirmed_on_chain(
    transfer_task: Task, chain: Chain, tmp_path: Path
) -> None:
    receiver = transfer_task.params["to"]
    with manage("qcluster", log=tmp_path / "workers.log"):
        assert eventually(_succeeded), (tmp_path / "workers.log").read_text()
    assert chain.balance(receiver) == ETHER


def test_killing_the_cluster_at_work_neither_loses_nor_doubles(
    transfer_task: Task, chain: Chain, tmp_path: Path
) -> None:
    receiver = transfer_task.params["to"]
    log = tmp_path / "workers.log"
    with manage("qcluster", log=log) as process:
        assert eventually(Attempt.objects.exists), log.read_text()
        os.kill(process.pid, signal.SIGKILL)
    with manage("qcluster", log=log):
        assert eventually(_succeeded), log.read_text()
    assert (chain.balance(receiver), Attempt.objects.count()) == (ETHER, 1)


def test_a_killed_main_process_leaves_no_orphans(transfer_task: Task, tmp_path: Path) -> None:
    with manage("qcluster", log=tmp_path / "workers.log") as process:
        assert eventually(lambda: WorkerCluster.objects.filter(beat_at__isnull=False).exists())
        session = process.pid
        assert len(_members(session)) > 3
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert eventually(lambda: not _members(session))


def _members(session: int) -> list[int]:
    """Every process of the session, whatever its group."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(ProcessLookupError):
            if os.getsid(int(folder.name)) == session:
                found.append(int(folder.name))
    return found
