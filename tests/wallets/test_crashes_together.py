"""A worker killed among several that were signed together: each is executed exactly once."""

from pathlib import Path

import pytest

from tests.chains import Chain, make_wallet
from tests.faults.invariants import broken_lane, broken_rows, contradictions
from tests.faults.markers import Markers, judge
from tests.wallets.crashing import dies_at, drive_to_rest, several_rounds
from tests.wallets.intents import transfer
from wallets.models import Network, Transaction
from wallets.transactions.points import Point
from wallets.transactions.tick import tick

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.db]

# Where each of several passes by: the worker dies at the second of three.
EACH = (
    Point.QUOTED,
    Point.CHECKED,
    Point.SIGNED,
    Point.ATTEMPT_WRITTEN,
    Point.STORED,
    Point.BEFORE_MARK,
    Point.MARKED,
    Point.SENT,
    Point.ANSWER_NOTED,
    Point.BROADCAST,
    Point.RECEIPT_WRITTEN,
)


def kill_second(point: Point, chain: Chain, network: Network) -> list[Transaction]:
    """Three intents of one lane, brought to rest after a worker died at the second of them."""
    wallet = make_wallet(f"pays-{point}", chain)
    other = make_wallet(f"gets-{point}", chain, ether=0)
    # Only after one was taken are several signed together.
    tick(transfer(wallet, network, other.address, key=f"{point}:0", value=4).lane_id)
    keys = [f"{point}:{number}" for number in range(4)]
    for value, key in enumerate(keys[1:], start=1):
        transfer(wallet, network, other.address, key=key, value=value)
    assert dies_at(point, "original", lambda: several_rounds(network, chain), passes=1)
    drive_to_rest(network, chain)
    return list(Transaction.objects.filter(idempotency_key__in=keys).order_by("nonce"))


def test_a_worker_killed_among_several_neither_loses_nor_doubles(
    chain: Chain, keystores: Path, network: Network
) -> None:
    markers, rows = Markers(), []
    for point in EACH:
        rows += kill_second(point, chain, network)
    for row in rows:
        markers.add(row)
    told = judge(chain.url, markers, {row.lane.wallet.address for row in rows})
    assert told.wrong + contradictions(rows, told.counts) + broken_rows(rows) == []
    for lane in {row.lane for row in rows}:
        hashes = told.senders[lane.wallet.address.lower()]
        assert (broken_lane(lane, hashes), len(hashes)) == ([], 4)
