"""What nodes leave open is neither success nor failure, and nothing more is signed on it."""

from collections.abc import Iterator

import pytest

from tests.chains import Chain
from tests.wallets.intents import settled, ticked, transfer
from tests.wallets.rpc_servers import Item, RpcServer, answering, prefer, serve
from wallets.chain.client import NetworkClient
from wallets.models import Network, Transaction, Wallet
from wallets.transactions.operator import cancel_transaction
from wallets.transactions.tick import tick
from wallets.transactions.watch import watch

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def server(network: Network, chain: Chain) -> Iterator[RpcServer]:
    """A node in front of the chain that may tell something else."""
    with serve(chain.url) as running:
        prefer(network, running)
        yield running


@pytest.fixture
def sent(network: Network, wallet: Wallet, other_wallet: Wallet) -> Transaction:
    """1 ETH on its way to the other wallet, in no block yet."""
    return ticked(transfer(wallet, network, other_wallet.address))


def watched(row: Transaction) -> Transaction:
    """The row after a watch pass that looks whether or not there is a new block."""
    Network.objects.update(watched_at=None)
    watch(row.network, NetworkClient(row.network))
    row.refresh_from_db()
    return row


def without_old_blocks(asked: Item, answer: Item) -> Item:
    """A node that has thrown away all blocks but the newest."""
    by_number = asked["method"] == "eth_getBlockByNumber" and asked["params"][0].startswith("0x")
    return {"id": asked["id"], "result": None} if by_number else answer


def ahead(asked: Item, answer: Item) -> Item:
    """A node whose newest block is 100 above everybody's."""
    if asked["method"] == "eth_getBlockByNumber" and asked["params"][0] == "latest":
        number = int(answer["result"]["number"], 16) + 100
        return {"id": asked["id"], "result": {**answer["result"], "number": hex(number)}}
    return answer


def uses_key(chain: Chain, wallet: Wallet, nonce: int) -> str:
    """A transaction made elsewhere with the wallet's key, mined; its hash."""
    chain.rpc.call("anvil_impersonateAccount", wallet.address)
    foreign = {"from": wallet.address, "to": wallet.address, "value": "0x7", "nonce": hex(nonce)}
    tx_hash = chain.rpc.call("eth_sendTransaction", foreign)
    chain.mine()
    return str(tx_hash)


def test_a_block_that_is_not_told_makes_nothing_final(
    sent: Transaction, server: RpcServer, chain: Chain, wallet: Wallet
) -> None:
    chain.mine()
    assert watched(sent).state == "included"
    chain.rpc.call("anvil_reorg", 1, [])
    chain.mine(6)
    server.tamper = without_old_blocks
    assert (watched(sent).state, chain.nonce(wallet.address)) == ("included", 0)
    server.tamper = lambda _asked, answer: answer
    assert watched(sent).state == "broadcast"


def test_one_node_of_two_does_not_decide_that_it_is_final(
    sent: Transaction, server: RpcServer, chain: Chain
) -> None:
    chain.mine(2)
    server.tamper = ahead
    assert watched(sent).state == "confirmed"
    chain.mine(3)
    assert watched(sent).state == "final"


def test_a_nonce_mined_without_a_hash_of_ours_stops_further_signatures_at_once(
    sent: Transaction, chain: Chain, wallet: Wallet, network: Network
) -> None:
    Network.objects.update(final_depth=64)
    chain.rpc.call("anvil_dropTransaction", sent.attempts.get().hash)
    uses_key(chain, wallet, 0)
    following = transfer(wallet, network, sent.to, key="t:2")
    assert (ticked(following).state, following.hold_reason) == ("held", "unknown")
    assert "no node tells of a hash of ours" in following.detail


def test_what_is_mined_by_a_hash_of_ours_stops_nothing(
    sent: Transaction, chain: Chain, wallet: Wallet, network: Network
) -> None:
    chain.mine()
    assert ticked(transfer(wallet, network, sent.to, key="t:2")).state == "broadcast"


def test_a_late_receipt_answers_what_a_person_was_asked(
    sent: Transaction, server: RpcServer, chain: Chain
) -> None:
    chain.mine(5)
    server.tamper = answering("eth_getTransactionReceipt", None)
    network = sent.network
    network.endpoints.exclude(name="bad").update(can_read=False)
    assert ticked(sent).state == "needs_operator"
    server.tamper = lambda _asked, answer: answer
    assert watched(sent).state in ("confirmed", "final")
    assert sent.outcome == "succeeded"


def test_a_node_behind_what_was_seen_refuses_nothing(
    sent: Transaction, server: RpcServer, chain: Chain, wallet: Wallet, network: Network
) -> None:
    chain.mine(3)
    watched(sent)
    behind = int(chain.rpc.call("eth_blockNumber"), 16) - 2
    server.tamper = answering("eth_blockNumber", hex(behind))
    row = transfer(wallet, network, sent.to, key="t:2")
    assert (ticked(row).state, row.hold_reason) == ("held", "rpc")
    assert f"the node is at block {behind}" in row.detail


def test_a_receipt_that_makes_no_sense_keeps_no_other_waiting(
    sent: Transaction, server: RpcServer, chain: Chain, wallet: Wallet, network: Network
) -> None:
    other = ticked(transfer(wallet, network, sent.to, key="t:2"))
    chain.mine()
    bad = sent.attempts.get().hash

    def tamper(asked: Item, answer: Item) -> Item:
        if asked["method"] == "eth_getTransactionReceipt" and asked["params"] == [bad]:
            return {"id": asked["id"], "result": {**answer["result"], "gasUsed": "much"}}
        return answer

    server.tamper = tamper
    assert (watched(sent).state, watched(other).state) == ("broadcast", "included")


def test_after_a_reorganisation_the_attempt_that_was_mined_goes_out_again(
    sent: Transaction, chain: Chain, wallet: Wallet, other_wallet: Wallet
) -> None:
    raw = bytes(sent.attempts.get().raw)
    cancel_transaction(transaction_id=sent.pk, actor="test", reason="too late")
    tick(sent.lane_id)
    chain.rpc.call("anvil_dropAllTransactions")
    chain.rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
    chain.mine()
    assert watched(sent).outcome == "succeeded"
    chain.rpc.call("anvil_reorg", 1, [])
    assert watched(sent).state == "broadcast"
    ticked(sent)
    assert (settled(sent, chain).state, sent.outcome) == ("final", "succeeded")
