"""Whatever boundary a worker is killed at, a run that waits goes on exactly once."""

import pytest

from scheduling.models import Run
from scheduling.points import WaitPoint
from tests.chains import Chain
from tests.market import Market
from tests.scheduling.ferry import cross, land, onward, rounds
from tests.wallets.crashing import broken_invariants, dies_at, time_passes
from wallets.models import Network, Wallet
from wallets.services import create_keystore_wallet, verify_wallet

pytestmark = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.db,
    pytest.mark.usefixtures("ferry"),
]


@pytest.mark.parametrize("point", WaitPoint)
def test_a_worker_killed_anywhere_goes_on_once(
    registered: Network,
    market: Market,
    network: Network,
    chain: Chain,
    trader: Wallet,
    point: WaitPoint,
) -> None:
    other = verify_wallet(wallet=create_keystore_wallet(label="other", scrypt_n=2))
    cross(registered, trader, other)
    both = (registered, market, network, chain)
    rounds(*both, 4)
    land(chain, trader)
    assert dies_at(point, "", lambda: rounds(*both, 6))
    time_passes(registered)
    time_passes(network)
    rounds(*both, 8)
    assert Run.objects.get().state == "succeeded"
    assert onward(chain, trader) == 1
    assert broken_invariants(registered) == broken_invariants(network) == []
