"""One grep in the log follows a run from its task to the block of its transaction."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone

from airdrops_site.logs import LogFile, logging_config
from protocols.models import Protocol
from protocols.services import sync_protocols
from scheduling.dispatch import dispatch_due
from scheduling.models import Run, Task
from scheduling.runs import advance_runs
from scheduling.services import create_task
from tests.chains import ETHER, Chain, make_network, make_wallet
from wallets.chain.client import NetworkClient
from wallets.models import Transaction
from wallets.transactions.tick import tick
from wallets.transactions.watch import watch

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "airdrops.log"
    logging_config(log_format="json", level="INFO", log_file=LogFile(path, 1, 1))
    yield path
    for handler in list(logging.getLogger().handlers):
        handler.close()
    logging_config(log_format="readable", level="INFO")


def test_a_run_is_followed_by_its_origin(chain: Chain, keystores: Path, log_file: Path) -> None:
    network = make_network(chain)
    sync_protocols()
    task = Task(
        name="send",
        protocol=Protocol.objects.get(slug="evm"),
        action="transfer",
        network=network,
        params={"to": make_wallet("second", chain).address, "amount": str(ETHER)},
        schedule=Task.Schedule.ONCE,
        starts_at=timezone.now(),
    )
    create_task(task=task, wallets={make_wallet("first", chain): {}})
    dispatch_due()
    advance_runs()
    row = Transaction.objects.get()
    tick(row.lane_id)
    chain.mine(2)
    watch(network, NetworkClient(network))
    advance_runs()
    run = Run.objects.get()
    grepped = [line for line in log_file.read_text().splitlines() if f'"run:{run.pk}"' in line]
    found = {line["event"]: line for line in map(json.loads, grepped)}
    assert found["step_submitted"]["task"] == "send"
    assert found["step_submitted"]["transaction"] == row.pk
    sent = row.attempts.get().hash
    assert found["attempt_sent"]["tx_hash"] == found["transaction_included"]["tx_hash"] == sent
    assert found["run_ended"]["state"] == run.state == "succeeded"
