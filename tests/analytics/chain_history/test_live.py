"""New final blocks are read by the workers: what strangers send is known."""

import pytest
from django.conf import LazySettings

from analytics.chain_history import live
from analytics.models import ChainScan, ChainTransfer
from tests.chains import ETHER, Chain
from wallets import leases
from wallets.chain.client import NetworkClient
from wallets.models import Lease, Network, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def pay(chain: Chain, wallet: Wallet, wei: int) -> None:
    """A stranger's payment, in a block of its own."""
    stranger = chain.rpc.call("eth_accounts")[0]
    payment = {"from": stranger, "to": wallet.address, "value": hex(wei)}
    chain.rpc.call("eth_sendTransaction", payment)
    chain.mine()


def rested(network: Network) -> None:
    Lease.objects.filter(name=f"history-live:{network.pk}").update(expires_at=None)


def test_deposits_from_outside_are_found_once_they_are_final(
    chain: Chain, network: Network, wallet: Wallet
) -> None:
    chain.mine(5)
    live.read_new_blocks(str(network.pk))
    pay(chain, wallet, 5)
    rested(network)
    live.read_new_blocks(str(network.pk))
    assert not ChainTransfer.objects.exists()
    chain.mine(4)
    rested(network)
    live.read_new_blocks(str(network.pk))
    found = ChainTransfer.objects.get()
    assert (found.amount, found.direction, found.wallet) == (5, "in", wallet)
    scan = ChainScan.objects.get()
    assert scan.last_block == chain.head() - 3
    assert scan.final_at == NetworkClient(network).block(scan.last_block).at


def test_it_is_due_again_after_the_interval(
    chain: Chain, network: Network, wallet: Wallet, settings: LazySettings
) -> None:
    assert list(live.due()) == [str(network.pk)]
    live.read_new_blocks(str(network.pk))
    assert list(live.due()) == []
    rested(network)
    settings.HISTORY_SECONDS = 0
    assert list(live.due()) == []


def test_a_node_that_is_down_is_asked_again_later(
    chain: Chain, network: Network, wallet: Wallet
) -> None:
    network.endpoints.update(url="http://127.0.0.1:9")
    live.read_new_blocks(str(network.pk))
    assert list(live.due()) == []
    assert not ChainScan.objects.exists()
    name = f"history-live:{network.pk}"
    assert not leases.take(name, owner="another", duration=live.LEASE)
    assert chain.balance(wallet.address) == 10 * ETHER
