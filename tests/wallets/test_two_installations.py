"""Two installations that have the same key find each other and stop."""

from collections import Counter
from pathlib import Path

import pytest

from tests.chains import Chain
from tests.installations import Installation
from tests.processes import eventually
from tests.wallets.intents import ticked, transfer
from wallets.models import Network, Wallet

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def one(chain: Chain, wallet: Wallet, keystores: Path, tmp_path: Path) -> Installation:
    """The wallet's key in an installation of its own."""
    installation = Installation(tmp_path / "one", keystores)
    installation.set_up(chain, wallet)
    return installation


@pytest.fixture
def two(one: Installation) -> Installation:
    """The same key in another."""
    return one.copied("two", new_id=True)


def times(chain: Chain, wallet: Wallet) -> Counter[int]:
    """How often the chain holds each amount from the wallet, by plain JSON-RPC."""
    head = int(chain.rpc.call("eth_blockNumber"), 16)
    blocks = [chain.rpc.call("eth_getBlockByNumber", hex(one), True) for one in range(head + 1)]
    sent = [found for block in blocks for found in block["transactions"]]
    own = [found for found in sent if found["from"].lower() == wallet.address.lower()]
    return Counter(int(found["value"], 16) for found in own)


def states(installation: Installation) -> list[str]:
    return [row.state for row in installation.rows()]


def test_the_first_to_see_a_foreign_nonce_pauses_its_lane(
    chain: Chain, network: Network, wallet: Wallet, two: Installation
) -> None:
    ticked(transfer(wallet, network, wallet.address))
    chain.mine(4)
    two.queue([2000])
    two.tick()
    assert two.rows()[0].nonce == 1
    chain.mine()
    second = ticked(transfer(wallet, network, wallet.address, key="t:2"))
    assert (second.state, second.lane.paused) == ("queued", True)
    assert "the key is used elsewhere" in second.lane.pause_reason


def test_two_at_work_at_once_both_stop_and_execute_nothing_twice(
    chain: Chain, wallet: Wallet, one: Installation, two: Installation
) -> None:
    two.queue([2000], claim=True)
    # Both sign before a node has anything of the other's: the only moment in which both can.
    two.tick(can_send=False)
    one.queue([1000, 1001, 1002], claim=True)
    with one.working():
        assert eventually(lambda: states(one) == ["broadcast"] * 3)
        with two.working():
            assert eventually(lambda: "a node holds 3 pending" in two.pause_reason())
            mix(chain, one, two)
            two.queue([2001])
            assert eventually(lambda: "the key was used elsewhere" in one.pause_reason())
    assert times(chain, wallet) == {2000: 1, 1001: 1, 1002: 1}
    assert (states(one)[0], states(two)[1]) == ("needs_operator", "queued")


def mix(chain: Chain, one: Installation, two: Installation) -> None:
    """The pool forgets the one's bytes, takes the other's, then the rest of the one's; mined."""
    lowest, *others = one.hashes()
    chain.rpc.call("anvil_dropTransaction", lowest)
    assert eventually(lambda: states(two) == ["broadcast"])
    one.resend()
    assert eventually(lambda: all(is_known(chain, tx_hash) for tx_hash in others))
    chain.rpc.call("evm_setIntervalMining", 1)


def is_known(chain: Chain, tx_hash: str) -> bool:
    return chain.rpc.call("eth_getTransactionByHash", tx_hash) is not None


def test_a_copy_of_an_installation_executes_nothing_twice(
    chain: Chain, wallet: Wallet, one: Installation
) -> None:
    one.queue(list(range(1000, 1012)), claim=True)
    copy = one.copied("copy")
    chain.rpc.call("evm_setIntervalMining", 1)
    with one.working(), copy.working():
        assert eventually(lambda: sum(times(chain, wallet).values()) == 12)
    assert set(times(chain, wallet).values()) == {1}
