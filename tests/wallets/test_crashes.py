"""Whatever boundary a worker is killed at, each intent is executed exactly once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chains import ETHER, Chain, make_wallet
from tests.wallets.crashing import (
    broken_invariants,
    dies_at,
    drive_to_rest,
    executed,
    several_rounds,
)
from tests.wallets.intents import transfer
from wallets.models import Network, Transaction, Wallet
from wallets.transactions.operator import cancel_transaction, speed_up_transaction
from wallets.transactions.points import Point
from wallets.transactions.tick import tick

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.db]

# A further attempt at a nonce takes none, moves no state, and is priced without a quote.
NOT_REPLACING = {Point.QUOTED, Point.NONCE_TAKEN, Point.STATE_MOVED}
IMPOSSIBLE: dict[str, set[Point]] = {
    "original": set(),
    "bump": NOT_REPLACING,
    "cancel": NOT_REPLACING,
    "filler": {Point.QUOTED, Point.NONCE_TAKEN},
}


def prepare_original(chain: Chain, network: Network, wallet: Wallet, other: Wallet) -> None:
    transfer(wallet, network, other.address, key=wallet.label)


def prepare_bump(chain: Chain, network: Network, wallet: Wallet, other: Wallet) -> None:
    row = transfer(wallet, network, other.address, key=wallet.label)
    tick(row.lane_id)
    speed_up_transaction(transaction_id=row.pk, actor="test")


def prepare_cancel(chain: Chain, network: Network, wallet: Wallet, other: Wallet) -> None:
    row = transfer(wallet, network, other.address, key=wallet.label)
    tick(row.lane_id)
    cancel_transaction(transaction_id=row.pk, actor="test", reason="not wanted")


def prepare_filler(chain: Chain, network: Network, wallet: Wallet, other: Wallet) -> None:
    """As after a restore: a nonce whose bytes nobody has, and a transaction above it."""
    lost = transfer(wallet, network, wallet.address, key=f"{wallet.label}:lost")
    tick(lost.lane_id)
    transfer(wallet, network, other.address, key=wallet.label)
    tick(lost.lane_id)
    chain.rpc.call("anvil_dropTransaction", lost.attempts.get().hash)
    Transaction.objects.filter(pk=lost.pk).update(state="voided")


PREPARE: dict[str, Callable[[Chain, Network, Wallet, Wallet], None]] = {
    "original": prepare_original,
    "bump": prepare_bump,
    "cancel": prepare_cancel,
    "filler": prepare_filler,
}


def faults(kind: str, point: Point, chain: Chain, network: Network) -> list[str]:
    """What went wrong with one intent whose worker died at the point; nothing if all is well."""
    wallet = make_wallet(f"{kind}-{point}", chain)
    other = make_wallet(f"{kind}-{point}-other", chain, ether=0)
    PREPARE[kind](chain, network, wallet, other)
    if not dies_at(point, kind, lambda: several_rounds(network, chain)):
        return ["the point was never reached"]
    drive_to_rest(network, chain)
    done = executed(chain, wallet.address)
    paid = [found for found in done if found[:2] == (other.address.lower(), ETHER)]
    wrong = broken_invariants(network)
    if len(paid) != 1 and not (kind == "cancel" and not paid):
        wrong.append(f"paid {len(paid)} times")
    if len(done) != (2 if kind == "filler" else 1):
        wrong.append(f"{len(done)} transactions on chain: {done}")
    return wrong


@pytest.mark.parametrize("kind", PREPARE)
def test_a_worker_killed_anywhere_neither_loses_nor_doubles(
    kind: str, chain: Chain, keystores: Path, network: Network
) -> None:
    wanted = [point for point in Point if point not in IMPOSSIBLE[kind]]
    found = {point.value: faults(kind, point, chain, network) for point in wanted}
    assert {point: wrong for point, wrong in found.items() if wrong} == {}
