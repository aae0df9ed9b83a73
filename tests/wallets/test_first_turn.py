"""A lane whose first turn comes late does nothing that may have been done meanwhile."""

import pytest

from tests.chains import ETHER, Chain
from tests.wallets.intents import ticked, transfer
from tests.wallets.test_adoption import elsewhere
from wallets.models import Network, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_a_key_used_after_its_first_intent_was_asked_for_pauses_the_lane(
    chain: Chain, network: Network, wallet: Wallet, other_wallet: Wallet
) -> None:
    row = transfer(wallet, network, other_wallet.address)
    chain.rpc.call("evm_increaseTime", 600)
    elsewhere(chain, wallet, 0, to=other_wallet.address, value=hex(ETHER))
    chain.mine(6)
    lane = ticked(row).lane
    assert (row.state, lane.paused) == ("queued", True)
    assert "its key was used elsewhere for 1 transactions" in lane.pause_reason


def test_a_key_used_before_goes_on_from_there(
    chain: Chain, network: Network, wallet: Wallet, other_wallet: Wallet
) -> None:
    elsewhere(chain, wallet, 0, to=other_wallet.address, value=hex(ETHER))
    chain.mine(6)
    assert ticked(transfer(wallet, network, other_wallet.address)).nonce == 1
