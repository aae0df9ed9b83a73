"""The emergency stop under full load: what is signed after its commit, counted so it cannot lie.

Real `manage.py qcluster` processes sign for many wallets on one PostgreSQL and a real chain. At a
random moment everything is stopped. Inside the stop's own database transaction, once every
signature under way has committed and while none can begin, the attempts that exist are read; those
that exist in the end and are not among them were signed after the stop. In half of the repetitions
the keys are at a remote signer that answers late.
"""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from django.db import transaction
from eth_account.signers.local import LocalAccount

from tests.chains import ETHER, Chain, make_network, make_wallet
from tests.faults.ground import FINAL_DEPTH, own_chain
from tests.faults.versions import stamp
from tests.processes import eventually, manage
from tests.scratch import prepare
from tests.wallets import signer_server
from tests.wallets.intents import transfer
from tests.wallets.rpc_servers import Raw
from tests.wallets.signer_server import SignerServer, make_remote_wallet, serve_signer
from wallets.models import Attempt, EmergencyStop, Network, Transaction, Wallet, WorkerCluster
from wallets.services import engage_stop, lift_stop
from wallets.transactions.states import PRE_NONCE
from wallets.transactions.states import TransactionState as S

REPETITIONS = 50
WALLETS, EACH, CLUSTERS, WORKERS = 50, 4, 2, 2
MODES = tuple(EmergencyStop.Mode.values)
# How long after the first signature the stop comes, and how long workers may try to sign after it.
COMES_AFTER = (0.0, 1.5)
GOES_ON_FOR = 2.0
ANSWERS_AFTER = (0.05, 0.8)
BLOCK_SECONDS = 0.2
_SPARED = (Attempt.Kind.CANCEL, Attempt.Kind.FILLER)


@dataclass(frozen=True, slots=True)
class Drill:
    """What is stopped in which way, and when."""

    seed: int
    mode: str
    remote: bool
    after: float

    @classmethod
    def of(cls, seed: int) -> "Drill":
        """Every other one with remote keys; each mode in its turn; at a moment of its own."""
        after = round(Random(seed).uniform(*COMES_AFTER), 3)
        return cls(seed, MODES[seed // 2 % len(MODES)], seed % 2 == 0, after)


@dataclass(slots=True)
class Late:
    """A signer that takes its time, and remembers when it answered."""

    random: Random = field(default_factory=lambda: Random(1))
    answered_at: list[float] = field(default_factory=list)

    def __call__(self, account: LocalAccount, data: bytes) -> Raw:
        time.sleep(self.random.uniform(*ANSWERS_AFTER))
        self.answered_at.append(time.monotonic())
        return Raw(signer_server.signature(account, data).encode())


@dataclass(frozen=True, slots=True)
class Field:
    """Where it is played."""

    chain: Chain
    network: Network
    local: list[Wallet]
    remote: list[Wallet]
    signer: Late
    receiver: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What there was when the stop was committed."""

    attempts: frozenset[int]
    reserved: int
    unsigned: int
    at: float
    waited: float


def play_stops(seeds: list[int]) -> Iterator[dict[str, Any]]:
    """The lines of these repetitions."""
    if not seeds:
        return
    folder = prepare("stops")
    with own_chain(folder) as chain, serve_signer() as server:
        network = make_network(chain, confirm_depth=2, final_depth=FINAL_DEPTH)
        ground = lay_out(chain, network, server, WALLETS)
        with clusters(folder, server, CLUSTERS, WORKERS):
            for seed in seeds:
                yield run_stop(Drill.of(seed), ground, each=EACH)


def lay_out(chain: Chain, network: Network, server: SignerServer, wallets: int) -> Field:
    """So many wallets with keys here, and as many with keys at the signer."""
    local = [make_wallet(f"stop-here-{n}", chain, ether=10_000) for n in range(wallets)]
    remote = [
        make_remote_wallet(f"stop-there-{n}", chain, server, ether=10_000) for n in range(wallets)
    ]
    receiver = make_wallet("stop-receiver", chain, ether=0)
    server.reply = signer = Late()
    return Field(chain, network, local, remote, signer, receiver.address)


def clusters(folder: Path, server: SignerServer, count: int, workers: int) -> ExitStack:
    """Real clusters that work already."""
    variables = {
        "AIRDROPS_WORKERS": str(workers),
        "AIRDROPS_WEB3SIGNER_URL": server.url,
        "AIRDROPS_LOG_LEVEL": os.environ.get("AIRDROPS_LOG_LEVEL", "WARNING"),
    }
    stack = ExitStack()
    for number in range(count):
        log = folder / f"stop-cluster-{number}.log"
        stack.enter_context(manage("qcluster", log=log, **variables))
    alive = WorkerCluster.objects.filter(beat_at__isnull=False, fenced_at=None)
    assert eventually(lambda: alive.count() >= count), "the clusters did not start; see their logs"
    return stack


def run_stop(drill: Drill, ground: Field, *, each: int) -> dict[str, Any]:
    """One repetition's line; the stop stays, and what it kept waits for the next one's load."""
    started = time.monotonic()
    wallets = ground.remote if drill.remote else ground.local
    known = frozenset(Attempt.objects.values_list("pk", flat=True))
    load = _top_up(drill, ground, wallets, each)
    lift_stop(reason="the next drill", actor="tests")
    own = Attempt.objects.filter(lane__wallet__in=wallets).exclude(pk__in=known)
    assert eventually(own.exists, every=0.02), "nothing is signed; see the logs"
    _mine_for(ground.chain, drill.after)
    seen = _stop(drill)
    _mine_for(ground.chain, GOES_ON_FOR)
    signed = len(seen.attempts - known)
    line = {"wallets": len(wallets), "load": load, "signed": signed, **_line(drill, ground, seen)}
    return {**asdict(drill), **stamp(), "seconds": round(time.monotonic() - started, 1)} | line


def _top_up(drill: Drill, ground: Field, wallets: list[Wallet], each: int) -> int:
    """So much that every wallet has something to sign; how much waits in all."""
    waiting = Transaction.objects.filter(state__in=PRE_NONCE)
    with transaction.atomic():
        for wallet in wallets:
            for number in range(waiting.filter(lane__wallet=wallet).count(), each):
                key, value = f"stop-{drill.seed}-{number}-{wallet.pk}", ETHER + number
                transfer(wallet, ground.network, ground.receiver, key=key, value=value)
    return waiting.count()


def _stop(drill: Drill) -> Seen:
    began = time.monotonic()
    with transaction.atomic():
        # Holds the gate of signing until the commit: what is read here is all that was signed.
        engage_stop(reason="a drill", actor="tests", mode=drill.mode)
        attempts = frozenset(Attempt.objects.values_list("pk", flat=True))
        reserved = Transaction.objects.filter(state=S.RESERVED)
        unsigned = Transaction.objects.filter(state__in=PRE_NONCE)
        counts = reserved.count(), unsigned.count()
    now = time.monotonic()
    return Seen(attempts, *counts, at=now, waited=round(now - began, 3))


def _line(drill: Drill, ground: Field, seen: Seen) -> dict[str, Any]:
    later = Attempt.objects.exclude(pk__in=seen.attempts).select_related("transaction")
    freeing = [one for one in later if _frees(one)]
    wrong = [one for one in later if not (_frees(one) and drill.mode != "everything")]
    return {
        "unsigned_at_stop": seen.unsigned,
        "reserved_at_stop": seen.reserved,
        "answers_after_stop": sum(at > seen.at for at in ground.signer.answered_at),
        "freed_after_stop": len(freeing),
        "stop_waited": seen.waited,
        "violations": [f"attempt {one.pk} of {one.transaction}: {one.kind}" for one in wrong],
    }


def _frees(attempt: Attempt) -> bool:
    """Whether it does nothing but use up a nonce, which two of the modes allow."""
    return attempt.kind in _SPARED or attempt.transaction.action == Attempt.Kind.FILLER


def _mine_for(chain: Chain, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 0:
        time.sleep(min(BLOCK_SECONDS, left))
        chain.mine()
