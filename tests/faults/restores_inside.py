"""A host killed at a boundary and restored from a copy of its database, all in this process.

Quick, and with a kill at any single boundary: the suite plays one. Real clusters, archives and
engines are in tests/faults/restores.py. In every third seed the old host comes back alive beside
the new one.
"""

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from django.db.models import Q
from django.utils import timezone

from airdrops_site.answers import BadInput
from airdrops_site.restoring.beginning import begin
from airdrops_site.restoring.resuming import resume
from analytics.booking import book_ledger
from analytics.books.beside import put_beside
from tests.airdrops_site.guides import run as manage
from tests.chains import ETHER, Chain, make_network, make_wallet
from tests.faults import copies
from tests.faults.ground import own_chain
from tests.faults.markers import ONCE, ONCE_OR_NOT, Markers, judge
from tests.wallets.crashing import dies_at
from tests.wallets.intents import transfer
from wallets.chain.client import NetworkClient
from wallets.models import Attempt, Network, NonceLane, Transaction, Wallet
from wallets.transactions.states import TransactionState as S
from wallets.transactions.tick import tick
from wallets.transactions.watch import watch

REST = (S.FINAL, S.VOIDED, S.NEEDS_OPERATOR, S.CANCELLED, S.REFUSED)


@dataclass(slots=True)
class World:
    """A seed's chain, its wallets and what was asked for; `asked` is name, sender, to, wei."""

    chain: Chain
    dice: Random
    receiver: str
    wallets: list[str] = field(default_factory=list)
    asked: list[tuple[str, str, str, int]] = field(default_factory=list)

    def ask(self, most: int = 3) -> None:
        """Some intents, each told from all others by its amount."""
        network = Network.objects.get()
        for _ in range(self.dice.randint(0, most)):
            wallet = Wallet.objects.get(label=self.dice.choice(self.wallets))
            name, wei = f"restore:{len(self.asked)}", ETHER // 100 + len(self.asked)
            transfer(wallet, network, self.receiver, key=name, value=wei)
            self.asked.append((name, wallet.address, self.receiver, wei))

    def work(self, *, mines: bool | None = None) -> None:
        """A turn of every lane, in any order; perhaps a block, perhaps a look at it."""
        lanes = list(NonceLane.objects.values_list("pk", flat=True))
        self.dice.shuffle(lanes)
        _time_passes()
        for lane in lanes:
            tick(lane)
        if self.dice.random() < 0.7 if mines is None else mines:
            self.chain.mine(self.dice.randint(1, 3))
        if self.dice.random() < 0.7 or mines:
            network = Network.objects.get()
            watch(network, NetworkClient(network))


def _time_passes() -> None:
    """Leases run out, and what was sent a moment ago may be sent again."""
    long_ago = timezone.now() - timedelta(minutes=1)
    NonceLane.objects.exclude(lease_expires_at=None).update(lease_expires_at=long_ago)
    Attempt.objects.filter(times_sent__gt=0).update(last_sent_at=long_ago)
    Network.objects.update(watched_head="", watched_at=None)


def play(seed: int, folder: Path) -> dict[str, Any]:
    """What one seed came to."""
    started, template = time.monotonic(), copies.name_in_use()
    names = [copies.copy(f"restore_{seed}_old", folder)]
    try:
        copies.use(names[0])
        with own_chain(folder) as chain:
            found = _play(seed, chain, folder, names)
    finally:
        copies.use(template)
        copies.drop(names)
    return {"seed": seed, **found, "seconds": round(time.monotonic() - started, 1)}


def _play(seed: int, chain: Chain, folder: Path, names: list[str]) -> dict[str, Any]:
    world = _begin(seed, chain)
    backup, made_at, before = _load(world, seed, folder, names)
    happened = Counter[str]()
    happened["killed"] += bool(_kill(world))
    happened["asked_after_backup"] = len(world.asked) - before
    returns = seed % 3 == 0
    # No host is replaced within the minute.
    chain.rpc.call("evm_increaseTime", 600)
    copies.use(backup)
    restore = begin(backup_made_at=made_at, source=f"seed {seed}", by="restores")
    if returns and world.dice.random() < 0.5:
        _with(names[0], backup, partial(world.work, mines=False))
        happened["old_before_resume"] += 1
    happened["refused_to_resume"] += _resume(world, restore)
    kinds = _kinds(restore)
    for _ in range(4 if returns else 0):
        happened["old_beside"] += 1
        world.work()
        _with(names[0], backup, world.work)
    _to_rest(world)
    return {"happened": happened, "kinds": kinds, **_verdict(world, before, returns=returns)}


def _begin(seed: int, chain: Chain) -> World:
    make_network(chain, confirm_depth=2, final_depth=4)
    receiver = make_wallet("receiver", chain, ether=0).address
    world = World(chain, Random(seed), receiver)
    for number in range(world.dice.randint(1, 3)):
        world.wallets.append(make_wallet(f"w{number}", chain).label)
    chain.mine(6)
    for label in ("receiver", *world.wallets):
        assert manage(f"manage.py ledger open --wallet {label} --network devnet-l1")[0] == 0
    return world


def _load(world: World, seed: int, folder: Path, names: list[str]) -> tuple[str, datetime, int]:
    """Work, a backup in the midst of it, and work of a random time after that."""
    for _ in range(world.dice.randint(1, 6)):
        world.ask()
        world.work()
    world.ask(4)
    if world.dice.random() < 0.5:
        world.work(mines=False)
    made_at, before = timezone.now(), len(world.asked)
    names.append(copies.copy(f"restore_{seed}_new", folder))
    for _ in range(world.dice.randint(0, 5)):
        world.work()
        world.ask()
    return names[1], made_at, before


def _kill(world: World) -> str:
    """A round that dies at whichever boundary is the n-th."""
    return dies_at(None, "", world.work, passes=world.dice.randint(0, 12))


def _with(other: str, back: str, work: Any) -> None:
    copies.use(other)
    try:
        work()
    finally:
        copies.use(back)


def _resume(world: World, restore: Any) -> int:
    """As a person would: refused while something is open, which blocks settle; how often."""
    for refused in range(12):
        try:
            resume(restore, by="restores", reason="all is told")
        except BadInput:
            world.chain.mine(2)
        else:
            return refused
    raise RuntimeError(f"never resumed: {restore.findings}")


def _kinds(restore: Any) -> dict[str, int]:
    found = restore.findings["networks"].values()
    return dict(Counter(str(one["kind"]) for answer in found for one in answer["matches"]))


def _to_rest(world: World) -> None:
    for _ in range(25):
        world.work(mines=True)
        paused = NonceLane.objects.filter(paused=True)
        if not Transaction.objects.exclude(state__in=REST).exclude(lane__in=paused).exists():
            break
    # What a paused lane has sent is watched to its end as well.
    for _ in range(4):
        world.work(mines=True)


def _verdict(world: World, before: int, *, returns: bool) -> dict[str, Any]:
    """Counted by the checker that shares no line with what it judges."""
    markers = Markers()
    waits = set(_in_hands_of_a_person())
    for place, (name, sender, to, wei) in enumerate(world.asked):
        lost_is_wrong = place < before and not (returns and name in waits)
        markers.say(name, sender, to, wei, ONCE if lost_is_wrong else ONCE_OR_NOT)
    wallets = list(Wallet.objects.all())
    told = judge(world.chain.url, markers, [one.address for one in wallets])
    return {
        "asked": len(world.asked),
        "asked_before_backup": before,
        "executed": sum(told.counts.values()),
        "duplicates": told.duplicates,
        "lost": told.lost,
        "violations": _unequal(wallets) if not returns else [],
        "waits_for_a_person": len(waits),
    }


def _in_hands_of_a_person() -> list[str]:
    """What the rows say was not done: its lane is paused, or it lost its nonce."""
    given_up = Q(state__in=(S.VOIDED, S.NEEDS_OPERATOR)) | Q(outcome="replaced")
    rows = Transaction.objects.filter(given_up | Q(lane__paused=True))
    return list(rows.values_list("idempotency_key", flat=True))


def _unequal(wallets: list[Wallet]) -> list[str]:
    """Where the books are not, to the wei, what the chain has."""
    book_ledger()
    network = Network.objects.get()
    beside = put_beside(network=network, client=NetworkClient(network), wallets=wallets)
    lines = [f"{one.wallet}: books {one.books}, chain {one.chain}" for one in beside.different]
    return [*lines, *filter(None, [beside.problem])]
