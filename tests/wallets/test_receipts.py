"""A receipt that says too little decides nothing, and keeps nobody else waiting."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.chains import Chain
from tests.wallets.intents import ticked, transfer
from tests.wallets.rpc_servers import Item, RpcServer, prefer, serve
from wallets.chain.client import NetworkClient
from wallets.models import Network, Receipt, RpcEndpoint, Transaction, Wallet
from wallets.transactions.receipts import read_receipt
from wallets.transactions.watch import watch

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def server(network: Network, chain: Chain) -> Iterator[RpcServer]:
    """What the network is read through."""
    with serve(chain.url) as running:
        RpcEndpoint.objects.update(can_read=False)
        prefer(network, running, can_send=False)
        yield running


@pytest.fixture
def poor(network: Network, wallet: Wallet, other_wallet: Wallet, chain: Chain) -> Transaction:
    """A transfer in a block, of which the node will tell a poor receipt."""
    row = ticked(transfer(wallet, network, other_wallet.address))
    chain.mine()
    return row


def without(server: RpcServer, row: Transaction, *names: str, **instead: Any) -> None:
    """The node leaves these fields out of the row's receipt, or says something else in them."""
    tx_hash = row.attempts.get().hash

    def tamper(asked: Item, answer: Item) -> Item:
        if asked["method"] == "eth_getTransactionReceipt" and asked["params"] == [tx_hash]:
            kept = {name: value for name, value in answer["result"].items() if name not in names}
            return {**answer, "result": {**kept, **instead}}
        return answer

    server.tamper = tamper


def watched(row: Transaction) -> Transaction:
    watch(row.network, NetworkClient(row.network))
    row.refresh_from_db()
    return row


def paid(chain: Chain, row: Transaction) -> int:
    """The price per gas, as the chain tells it."""
    receipt = chain.rpc.call("eth_getTransactionReceipt", row.attempts.get().hash)
    return int(receipt["effectiveGasPrice"], 16)


def test_a_missing_price_is_the_base_fee_and_the_tip(
    server: RpcServer, poor: Transaction, chain: Chain
) -> None:
    without(server, poor, "effectiveGasPrice")
    assert watched(poor).state == "included"
    receipt = Receipt.objects.get()
    assert receipt.effective_gas_price == paid(chain, poor)
    assert receipt.fee == receipt.gas_used * receipt.effective_gas_price


@pytest.mark.parametrize("price", [None, "", "free"])
def test_a_price_that_makes_no_sense_is_a_missing_one(
    server: RpcServer, poor: Transaction, chain: Chain, price: Any
) -> None:
    without(server, poor, effectiveGasPrice=price)
    assert watched(poor).state == "included"
    assert Receipt.objects.get().effective_gas_price == paid(chain, poor)


def test_a_missing_legacy_price_is_the_one_offered(
    server: RpcServer, network: Network, wallet: Wallet, other_wallet: Wallet, chain: Chain
) -> None:
    Network.objects.update(fee_model=Network.FeeModel.LEGACY)
    row = ticked(transfer(wallet, network, other_wallet.address))
    chain.mine()
    without(server, row, "effectiveGasPrice")
    assert watched(row).state == "included"
    offered = row.attempts.get().max_fee_per_gas
    assert Receipt.objects.get().effective_gas_price == offered == paid(chain, row)


@pytest.mark.parametrize("root", [{}, {"root": "0x" + "ab" * 32}])
def test_without_a_status_nothing_is_known_yet(
    server: RpcServer, poor: Transaction, root: dict[str, str]
) -> None:
    without(server, poor, "status", **root)
    assert watched(poor).state == "broadcast"
    assert Receipt.objects.count() == 0
    server.tamper = lambda _asked, answer: answer
    Network.objects.update(watched_at=None)
    assert (watched(poor).state, poor.outcome) == ("included", "succeeded")


@pytest.mark.parametrize(
    "instead",
    [
        {"status": "0x2"},
        {"status": None},
        {"status": True},
        {"gasUsed": None},
        {"gasUsed": "21000"},
        {"l1Fee": "much"},
        {"logs": None},
        {"logs": "none"},
        {"transactionHash": "0x" + "ab" * 32},
    ],
)
def test_one_senseless_receipt_keeps_no_other_waiting(
    server: RpcServer,
    poor: Transaction,
    wallet: Wallet,
    other_wallet: Wallet,
    chain: Chain,
    instead: dict[str, Any],
) -> None:
    other = ticked(transfer(wallet, poor.network, other_wallet.address, key="t:2"))
    chain.mine()
    without(server, poor, **instead)
    watched(poor)
    other.refresh_from_db()
    assert (poor.state, other.state) == ("broadcast", "included")


def test_a_receipt_without_logs_is_none(server: RpcServer, poor: Transaction) -> None:
    without(server, poor, "logs", "gasUsed")
    assert watched(poor).state == "broadcast"


def test_where_the_base_fee_is_unknown_too_the_price_is_the_most_offered(
    poor: Transaction, chain: Chain
) -> None:
    attempt = poor.attempts.get()
    found = chain.rpc.call("eth_getTransactionReceipt", attempt.hash)
    del found["effectiveGasPrice"]
    block = replace(NetworkClient(poor.network).block(), base_fee=None)
    receipt = read_receipt(poor, attempt, found, block)
    assert receipt.effective_gas_price == attempt.max_fee_per_gas
