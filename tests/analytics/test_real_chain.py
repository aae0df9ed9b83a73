"""What the books say changed is what changed on a real chain, to the wei, also after a reorg."""

import pytest
from django.utils import timezone

from analytics import booking as books
from analytics.models import LedgerEntry
from analytics.selectors import balance_change
from protocols.models import Protocol
from protocols.services import sync_protocols
from scheduling import tasks as runs
from scheduling.models import Step, Task
from scheduling.services import create_task
from tests.chains import ETHER, Chain
from wallets.chain.client import NetworkClient
from wallets.models import Network, NonceLane, Token, Transaction, Wallet
from wallets.transactions.tick import tick
from wallets.transactions.watch import watch

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def sent(network: Network, wallet: Wallet, other_wallet: Wallet) -> Transaction:
    """1 ETH on its way between our wallets, by a task."""
    sync_protocols()
    task = Task(
        name="send",
        protocol=Protocol.objects.get(slug="evm"),
        action="transfer",
        network=network,
        params={"to": other_wallet.address, "amount": str(ETHER)},
        schedule=Task.Schedule.ONCE,
        starts_at=timezone.now(),
    )
    create_task(task=task, wallets={wallet: {}})
    runs.dispatch_due()
    runs.advance_runs()
    tick(NonceLane.objects.get().pk)
    return Transaction.objects.get()


def go_on(chain: Chain, network: Network, blocks: int = 1) -> None:
    """Blocks come, and everybody looks at them: lanes, watch, runs, books."""
    for _ in range(blocks):
        for lane in NonceLane.objects.all():
            tick(lane.pk)
        chain.mine()
        watch(network, NetworkClient(network))
        runs.advance_runs()
        books.book_ledger()


def booked(network: Network, wallet: Wallet) -> int:
    """The change of the native balance, as the books say it."""
    return balance_change(wallet=wallet, token=Token.objects.get(network=network, address=""))


def statuses() -> set[str]:
    return set(LedgerEntry.objects.values_list("status", flat=True))


def test_both_sides_of_a_transfer_agree_with_the_chain(
    chain: Chain, network: Network, wallet: Wallet, other_wallet: Wallet, sent: Transaction
) -> None:
    go_on(chain, network, 2)
    assert statuses() == {"provisional"}
    go_on(chain, network, 3)
    assert statuses() == {"final"}
    assert chain.balance(wallet.address) == 10 * ETHER + booked(network, wallet)
    assert chain.balance(other_wallet.address) == booked(network, other_wallet) == ETHER


def test_the_books_follow_a_reorganisation_there_and_back(
    chain: Chain, network: Network, wallet: Wallet, other_wallet: Wallet, sent: Transaction
) -> None:
    go_on(chain, network, 2)
    chain.rpc.call("anvil_reorg", 2, [])
    watch(network, NetworkClient(network))
    books.book_ledger()
    assert statuses() == {"reversed"}
    assert booked(network, wallet) == chain.balance(other_wallet.address) == 0
    go_on(chain, network, 5)
    assert Step.objects.get().state == "settled"
    assert chain.balance(wallet.address) == 10 * ETHER + booked(network, wallet)
    assert chain.balance(other_wallet.address) == booked(network, other_wallet) == ETHER


def test_a_call_that_reverts_on_chain_has_cost_its_fee(
    chain: Chain, network: Network, wallet: Wallet, other_wallet: Wallet, sent: Transaction
) -> None:
    # It was signed when the receiver had no code; now whoever pays it reverts.
    chain.rpc.call("anvil_setCode", other_wallet.address, "0x60006000fd")
    go_on(chain, network, 5)
    sent.refresh_from_db()
    assert (sent.state, sent.outcome) == ("final", "reverted")
    assert list(LedgerEntry.objects.values_list("kind", "status")) == [("fee", "final")]
    assert chain.balance(wallet.address) == 10 * ETHER + booked(network, wallet)
