"""A job that is delivered again takes no second nonce, wherever the one before it died."""

from pathlib import Path

import pytest

from tests.chains import ETHER, Chain
from tests.wallets.crashing import dies_at, time_passes
from tests.wallets.intents import settled, transfer
from wallets import wakeups
from wallets.models import Attempt, Network, NonceLane, Wallet
from wallets.transactions.points import Point

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.db]


@pytest.mark.parametrize(
    "point", [Point.QUOTED, Point.NONCE_TAKEN, Point.STORED, Point.MARKED, Point.SENT]
)
def test_a_redelivered_job_takes_no_second_nonce(
    point: Point,
    network: Network,
    wallet: Wallet,
    other_wallet: Wallet,
    chain: Chain,
    keystores: Path,
) -> None:
    row = transfer(wallet, network, other_wallet.address)
    assert dies_at(point, "original", lambda: wakeups.run("tick"))
    for _ in range(2):
        time_passes(network)
        NonceLane.objects.update(wake_at=row.created_at)
        wakeups.run("tick")
    assert settled(row, chain).outcome == "succeeded"
    assert (Attempt.objects.count(), chain.nonce(wallet.address)) == (1, 1)
    assert chain.balance(other_wallet.address) == ETHER
