"""A wallet of ours that crosses through the real pipeline, and what the workers do meanwhile."""

from pathlib import Path

import pytest
from django.utils import timezone

from scheduling.models import Step
from tests.protocols.scroll.bridge import Bridge, fund
from tests.scheduling.trading import work
from wallets.chain.client import NetworkClient
from wallets.models import Network, Wallet
from wallets.services import create_keystore_wallet, verify_wallet
from wallets.transactions.watch import watch

Ends = tuple[Network, Network]


@pytest.fixture
def crosser(ends: Ends, bridge: Bridge, keystores: Path) -> Wallet:
    """A verified wallet with coin on both sides; blocks are final after two."""
    Network.objects.update(final_rule="depth", final_depth=2, confirm_depth=1)
    for network in ends:
        network.refresh_from_db()
    wallet = create_keystore_wallet(label="crosser", scrypt_n=2)
    fund(bridge, wallet.address)
    return verify_wallet(wallet=wallet)


def rounds(ends: Ends, bridge: Bridge, count: int) -> None:
    """What all workers do meanwhile; Scroll's own relay and prove what there is."""
    for _ in range(count):
        Step.objects.exclude(look_at=None).update(look_at=timezone.now())
        work(*ends)
        for network, rpc in zip(ends, (bridge.l1, bridge.l2), strict=True):
            rpc.call("evm_mine")
            watch(network, NetworkClient(network))
        bridge.tell("relay")
        bridge.tell("finalise")
