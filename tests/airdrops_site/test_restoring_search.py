"""What was sent since a backup is found as well where nodes keep no states of old blocks."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from airdrops_site.restoring.searching import sent_since
from tests.airdrops_site.test_restoring import kinds, restored, resumed
from tests.chains import ETHER, Chain
from tests.wallets.intents import settled, ticked, transfer
from tests.wallets.rpc_servers import RpcServer, prefer, serve
from tests.wallets.test_adoption import elsewhere
from wallets.addresses import parse_address
from wallets.chain.client import NetworkClient
from wallets.models import Network, Transaction, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]
# As nodes that are not archives do, if for more blocks.
KEPT = 6


@pytest.fixture
def pruned(network: Network, chain: Chain) -> Iterator[RpcServer]:
    """The network's only node answers for the states of the newest blocks."""

    def forget(asked: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        if asked["method"] not in ("eth_getBalance", "eth_getTransactionCount"):
            return answer
        tag = asked["params"][1]
        if not tag.startswith("0x") or int(tag, 16) > chain.head() - KEPT:
            return answer
        return {"id": asked["id"], "error": {"code": -32000, "message": "missing trie node"}}

    with serve(chain.url) as server:
        server.tamper = forget
        network.endpoints.all().delete()
        prefer(network, server)
        yield server


@pytest.fixture
def queued(network: Network, wallet: Wallet, other_wallet: Wallet) -> Transaction:
    """1 ETH to the other wallet, asked for before the backup."""
    return transfer(wallet, network, other_wallet.address)


def do_elsewhere(chain: Chain, row: Transaction, *amounts: int) -> dict[int, str]:
    """One after the other, each followed by empty blocks; the hashes by nonce."""
    hashes = {}
    for nonce, wei in enumerate(amounts):
        hashes[nonce] = elsewhere(chain, row.lane.wallet, nonce, to=row.to, value=hex(wei))
        chain.mine(4)
    return hashes


def test_every_block_is_read_and_says_the_same_as_old_states(
    pruned: RpcServer, queued: Transaction, chain: Chain
) -> None:
    hashes = do_elsewhere(chain, queued, 7, 8)
    asked = [parse_address(queued.lane.wallet.address), parse_address(queued.to)]
    client = NetworkClient(queued.network)
    found = sent_since(client, asked, timezone.now(), chain.head())
    assert found == {queued.lane.wallet.address: hashes}
    pruned.tamper = lambda _asked, answer: answer
    assert sent_since(client, asked, timezone.now(), chain.head()) == found


def test_an_intent_done_after_the_backup_is_found_so_and_not_done_again(
    pruned: RpcServer, queued: Transaction, chain: Chain
) -> None:
    do_elsewhere(chain, queued, 7, ETHER)
    restore = restored()
    resumed(restore)
    assert sorted(kinds(restore)) == ["adopted", "foreign"]
    assert settled(ticked(queued), chain).outcome == "succeeded"
    assert (chain.balance(queued.to), chain.nonce(queued.lane.wallet.address)) == (ETHER + 7, 2)
