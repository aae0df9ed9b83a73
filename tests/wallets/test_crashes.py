"""Whatever boundary a worker is killed at, each intent is executed exactly once."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.chains import Chain, make_wallet
from tests.faults.invariants import broken_lane, broken_rows, contradictions
from tests.faults.markers import ONCE, ONCE_OR_NOT, Markers, Verdict, judge
from tests.wallets.crashing import dies_at, drive_to_rest, several_rounds
from tests.wallets.intents import transfer
from tests.wallets.signer_server import make_remote_wallet, serve_signer
from wallets.models import Network, Transaction, Wallet
from wallets.transactions.operator import cancel_transaction, speed_up_transaction
from wallets.transactions.points import Point
from wallets.transactions.tick import tick

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.db]

# A further attempt at a nonce takes none, moves no state, and is priced without a quote.
NOT_REPLACING = {Point.QUOTED, Point.NONCE_TAKEN, Point.STATE_MOVED, Point.RESERVED}
WITHOUT: dict[str, set[Point]] = {
    "original": set(),
    "bump": NOT_REPLACING,
    "cancel": NOT_REPLACING,
    "filler": {Point.QUOTED, Point.NONCE_TAKEN},
}
# A key that is here signs in one database transaction.
NOT_HERE = {Point.RESERVED, Point.SIGNER_ASKED, Point.RECHECKED}
IMPOSSIBLE = {kind: points | NOT_HERE for kind, points in WITHOUT.items()}
IMPOSSIBLE |= {f"remote {kind}": points for kind, points in WITHOUT.items()}


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


Maker = Callable[..., Wallet]


@dataclass(frozen=True, slots=True)
class Case:
    """A wallet whose worker was to die at the point, and what it then did on the chain."""

    point: Point
    died: bool
    wallet: Wallet
    intent: Transaction


def kill_at(point: Point, kind: str, chain: Chain, network: Network, make: Maker) -> Case:
    """One intent whose worker dies at the point; the next worker brings it to rest."""
    wallet = make(f"{kind}-{point}", chain)
    other = make(f"{kind}-{point}-other", chain, ether=0)
    PREPARE[kind](chain, network, wallet, other)
    died = dies_at(point, kind, lambda: several_rounds(network, chain))
    drive_to_rest(network, chain)
    return Case(point, bool(died), wallet, Transaction.objects.get(idempotency_key=wallet.label))


def count(cases: list[Case], kind: str, chain: Chain) -> Verdict:
    """What the independent checker counts."""
    markers = Markers()
    for case in cases:
        markers.add(case.intent, ONCE_OR_NOT if kind == "cancel" else ONCE)
    return judge(chain.url, markers, [case.wallet.address for case in cases])


def broken(cases: list[Case], told: Verdict, *, nonces: int) -> list[str]:
    """Invariants that do not hold; each wallet should have used so many nonces."""
    intents = [case.intent for case in cases]
    found = contradictions(intents, told.counts) + broken_rows(intents)
    for case in cases:
        hashes = told.senders[case.wallet.address.lower()]
        found += broken_lane(case.intent.lane, hashes)
        found += [] if len(hashes) == nonces else [f"{case.point}: {hashes} on chain"]
    return found


def wrong(kind: str, points: list[Point], chain: Chain, network: Network, make: Maker) -> list[Any]:
    """What went wrong with intents whose workers died, one at each of the points."""
    cases = [kill_at(point, kind, chain, network, make) for point in points]
    alive = [f"{case.point} was never reached" for case in cases if not case.died]
    told = count(cases, kind, chain)
    return alive + told.wrong + broken(cases, told, nonces=2 if kind == "filler" else 1)


def both_keys() -> list[Any]:
    """On SQLite only the kinds whose key is here: the remote ones take the same writes."""
    remote = pytest.mark.postgresql
    return [
        pytest.param(which, marks=remote if which.startswith("remote ") else ())
        for which in IMPOSSIBLE
    ]


@pytest.mark.parametrize("which", both_keys())
def test_a_worker_killed_anywhere_neither_loses_nor_doubles(
    which: str, chain: Chain, keystores: Path, network: Network
) -> None:
    remote, _, kind = which.rpartition(" ")
    points = [point for point in Point if point not in IMPOSSIBLE[which]]
    with serve_signer() as server:
        make = partial(make_remote_wallet, server=server) if remote else make_wallet
        assert wrong(kind, points, chain, network, make) == []
