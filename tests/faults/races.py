"""Several real worker processes on the same rows of one PostgreSQL; the chain counts what they did.

Three ways to work: `leases` (workers that keep to the leases), `overlap` (each takes the others'
leases away before its turn, so that two work on a lane at once) and `clusters` (real
`manage.py qcluster` processes whose jobs are delivered twice and whose leases run out).
"""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils import timezone

from tests.chains import ETHER, Chain, make_network, make_wallet
from tests.faults.ground import FINAL_DEPTH, own_chain
from tests.faults.invariants import broken_lane, broken_rows, contradictions
from tests.faults.markers import Markers, judge
from tests.faults.versions import ROOT, stamp
from tests.processes import environment, manage
from tests.scratch import prepare
from tests.wallets.intents import transfer
from wallets import wakeups
from wallets.models import Network, NonceLane, Transaction, WakeUp, Wallet
from wallets.transactions.operator import NotPossible, speed_up_transaction
from wallets.transactions.states import PENDING
from wallets.transactions.states import TransactionState as S

WAYS = ("leases", "overlap", "clusters")
WORKERS = (2, 4, 8)
# Wallets and intents of each: a single lane that all want, and many lanes at once.
SHAPES = ((1, 40), (50, 3))
MOST_SECONDS = 300
BLOCK_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Race:
    """Who works on what."""

    seed: int
    way: str
    workers: int
    wallets: int
    intents_each: int

    @property
    def label(self) -> str:
        """How its wallets' labels begin."""
        return f"race-{self.seed}-"


def all_races() -> list[Race]:
    """Every way with every number of workers and every shape, numbered."""
    kinds = [(way, n, shape) for shape in SHAPES for way in WAYS for n in WORKERS]
    return [Race(seed, way, n, *shape) for seed, (way, n, shape) in enumerate(kinds, 1)]


def play_races(seeds: list[int]) -> Iterator[dict[str, Any]]:
    """The lines of these races, on a chain and in the database of this process."""
    if not seeds:
        return
    folder = prepare("races")
    with own_chain(folder) as chain:
        network = make_network(chain, confirm_depth=2, final_depth=FINAL_DEPTH)
        for race in all_races():
            if race.seed in seeds:
                yield run_race(race, chain, network, folder)


def run_race(race: Race, chain: Chain, network: Network, folder: Path) -> dict[str, Any]:
    """The race's line."""
    wallets = [make_wallet(f"{race.label}{n}", chain, ether=1000) for n in range(race.wallets)]
    receiver = make_wallet(f"{race.label}receiver", chain, ether=0)
    for number in range(race.intents_each):
        for wallet in wallets:
            value = ETHER + number * race.wallets + wallet.pk
            key = f"{race.label}{wallet.pk}-{number}"
            transfer(wallet, network, receiver.address, key=key, value=value)
    chain.mine(network.final_depth)
    started = time.monotonic()
    work = _clusters if race.way == "clusters" else _racers
    counted = work(race, chain, folder)
    seconds = round(time.monotonic() - started, 1)
    return {**asdict(race), **stamp(), "seconds": seconds, "counted": counted} | _verdict(
        race, chain, wallets
    )


def rows_of(race: Race) -> Any:
    """The race's transactions."""
    return Transaction.objects.filter(idempotency_key__startswith=race.label)


def _verdict(race: Race, chain: Chain, wallets: list[Wallet]) -> dict[str, Any]:
    rows = rows_of(race).select_related("lane__wallet").prefetch_related("attempts")
    markers = Markers()
    for row in rows:
        markers.add(row)
    told = judge(chain.url, markers, [wallet.address for wallet in wallets])
    found = broken_rows(rows) + contradictions(rows, told.counts)
    for lane in NonceLane.objects.filter(wallet__in=wallets).select_related("wallet", "network"):
        found += broken_lane(lane, told.senders.get(lane.wallet.address.lower(), []))
        found += [f"{lane} is paused: {lane.pause_reason}"] if lane.paused else []
    return {
        "intents": len(rows),
        "duplicates": told.duplicates,
        "lost": told.lost,
        "violations": found,
    }


def _racers(race: Race, chain: Chain, folder: Path) -> dict[str, int]:
    """Workers of our own, until nothing is under way; what their logs counted."""
    with ExitStack() as stack:
        racers = [stack.enter_context(_racer(race, n, folder)) for n in range(race.workers)]
        for racer in racers:
            assert racer.stdout.readline() == "ready\n", "a worker did not start; see its log"
        for racer in racers:
            racer.stdin.write("go\n")
            racer.stdin.flush()
        _until_done(race, lambda: _between_blocks(race, chain))
        counted: Counter[str] = Counter()
        for racer in racers:
            racer.terminate()
            counted.update(json.loads(racer.communicate(timeout=60)[0]))
    return dict(sorted(counted.items()))


@contextmanager
def _racer(race: Race, number: int, folder: Path) -> Iterator[Any]:
    command = [sys.executable, "-m", "tests.faults.racer", race.label]
    options = ["--overlap"] if race.way == "overlap" else []
    with (folder / f"racer-{number}.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, *options],
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _clusters(race: Race, chain: Chain, folder: Path) -> dict[str, int]:
    """Real clusters of one worker each, until nothing is under way."""
    doubled: Counter[str] = Counter()
    os.environ["AIRDROPS_WORKERS"] = "1"
    with ExitStack() as stack:
        for number in range(race.workers):
            stack.enter_context(manage("qcluster", log=folder / f"cluster-{number}.log"))
        _until_done(race, lambda: _deliver_again(race, chain, doubled))
    return dict(doubled)


def _deliver_again(race: Race, chain: Chain, doubled: Counter[str]) -> None:
    """One more job beside those under way, and leases that have run out under their holders."""
    now = timezone.now()
    lanes = NonceLane.objects.filter(wallet__label__startswith=race.label)
    doubled["leases_taken_away"] += lanes.filter(lease_expires_at__gt=now).update(
        lease_expires_at=now
    )
    WakeUp.objects.update(enqueued_at=None)
    doubled["jobs_delivered_again"] += wakeups.request("tick")
    chain.mine()
    time.sleep(BLOCK_SECONDS)


def _between_blocks(race: Race, chain: Chain) -> None:
    """A block; before it, an operator is in a hurry with one of those that wait for it."""
    time.sleep(BLOCK_SECONDS)
    waiting = rows_of(race).filter(state__in=PENDING).order_by("?").first()
    if race.way == "overlap" and waiting:
        with suppress(NotPossible):
            speed_up_transaction(transaction_id=waiting.pk, actor="test")
            time.sleep(BLOCK_SECONDS)
    # What is in a block has only to become final.
    chain.mine(1 if waiting else 4)


def _until_done(race: Race, meanwhile: Callable[[], None]) -> None:
    deadline = time.monotonic() + MOST_SECONDS
    while rows_of(race).exclude(state=S.FINAL).exists():
        if time.monotonic() > deadline:
            return
        meanwhile()
        connection.close()
