"""Before finality nothing has failed; a window ends what waits for cheaper gas."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from protocols.models import Protocol
from protocols.services import sync_protocols
from scheduling import tasks
from scheduling.dispatch import dispatch_due
from scheduling.models import Occurrence, Run, Task
from scheduling.runs import advance_runs
from scheduling.services import create_task
from tests.chains import ETHER, Chain, make_network, make_wallet
from tests.wallets.intents import settled, ticked
from wallets.chain.client import NetworkClient
from wallets.models import Network, Transaction
from wallets.transactions.operator import cancel_transaction
from wallets.transactions.tick import tick
from wallets.transactions.watch import watch

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def run(chain: Chain, keystores: Path) -> Run:
    """A run whose transfer is queued; it may be signed for an hour."""
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
        window_seconds=3600,
    )
    create_task(task=task, wallets={make_wallet("first", chain): {}})
    dispatch_due()
    advance_runs()
    return Run.objects.get()


def told(run: Run, **fields: object) -> Run:
    """The run after its transaction was moved as the watch would."""
    Transaction.objects.update(**fields)
    advance_runs()
    run.refresh_from_db()
    return run


def test_a_reverted_transaction_fails_its_run_only_when_final(run: Run, chain: Chain) -> None:
    tick(Transaction.objects.get().lane_id)
    assert told(run, state="confirmed", outcome="reverted").state == "running"
    assert told(run, state="final", outcome="reverted").state == "failed"


def test_a_success_that_a_reorganisation_undoes_is_none_until_it_is_mined_again(
    run: Run, chain: Chain
) -> None:
    row = Transaction.objects.get()
    tick(row.lane_id)
    assert watched(run, chain, blocks=2).state == "succeeded"
    chain.rpc.call("anvil_reorg", 2, [])
    assert watched(run, chain, blocks=0).state == "running"
    tick(row.lane_id)
    assert watched(run, chain, blocks=2).state == "succeeded"


def watched(run: Run, chain: Chain, *, blocks: int) -> Run:
    """The run after so many blocks and a pass over the network."""
    chain.mine(blocks)
    network = Network.objects.get()
    Network.objects.update(watched_at=None)
    watch(network, NetworkClient(network))
    tasks.advance_runs()
    run.refresh_from_db()
    return run


def test_what_waits_for_cheaper_gas_ends_with_its_window(run: Run) -> None:
    row = Transaction.objects.get()
    assert row.valid_until == run.occurrence.due_at + timedelta(hours=1)
    Transaction.objects.update(max_fee_ceiling=1)
    tick(row.lane_id)
    row.refresh_from_db()
    assert (row.state, row.hold_reason) == ("held", "fee_ceiling")
    Occurrence.objects.update(due_at=timezone.now() - timedelta(hours=1))
    Transaction.objects.update(valid_until=timezone.now())
    tick(row.lane_id)
    assert told(run).state == "failed"
    assert "its time ran out before it was signed" in run.detail


def test_a_run_whose_transaction_was_cancelled_says_who_asked_and_why(
    run: Run, chain: Chain
) -> None:
    row = ticked(Transaction.objects.get())
    cancel_transaction(transaction_id=row.pk, actor="ann", reason="not wanted")
    settled(ticked(row), chain)
    assert told(run).state == "failed"
    assert run.detail.endswith(": cancelled by ann: not wanted")
