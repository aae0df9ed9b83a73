"""One seeded run: intents, and everything that may go wrong between them and the chain."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from tests.chains import ETHER, make_wallet
from tests.faults.ground import WAYS, Ground
from tests.wallets.crashing import dies_at
from tests.wallets.intents import transfer
from wallets.chain.client import ChainError, NetworkClient
from wallets.models import Attempt, Network, NonceLane, RpcEndpoint, Transaction, Wallet
from wallets.services import engage_stop, lift_stop
from wallets.transactions.operator import NotPossible, cancel_transaction, speed_up_transaction
from wallets.transactions.points import Point
from wallets.transactions.states import TransactionState as S
from wallets.transactions.tick import tick
from wallets.transactions.watch import watch

CHANCE = 0.15
GWEI = 10**9
MOST_ROUNDS = 60
DEEPEST = 8
AT_REST = (S.FINAL, S.REFUSED, S.EXPIRED, S.CANCELLED, S.VOIDED, S.NEEDS_OPERATOR)
# A round passes some ten boundaries for each lane.
MOST_PASSES = 60


@dataclass(slots=True)
class Run:
    """A run under way, and what the world did in it."""

    seed: int
    ground: Ground
    random: Random
    wallets: list[Wallet] = field(default_factory=list)
    receiver: str = ""
    happened: Counter[str] = field(default_factory=Counter)
    killed: Counter[str] = field(default_factory=Counter)
    asked_to_cancel: set[int] = field(default_factory=set)
    # Wallet label -> hash of what somebody else sent with its key.
    foreign: dict[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> QuerySet[Transaction]:
        """The run's transactions."""
        return Transaction.objects.filter(lane__wallet__in=self.wallets)

    @property
    def lanes(self) -> QuerySet[NonceLane]:
        """The run's lanes."""
        return NonceLane.objects.filter(wallet__in=self.wallets)

    def call(self, method: str, *params: object) -> Any:
        """Ask the chain itself, past the proxies."""
        return self.ground.chain.rpc.call(method, *params)


def make_run(seed: int, ground: Ground, make: Callable[..., Wallet] = make_wallet) -> Run:
    """Wallets, made by `make`, with intents, each told from all others by its value."""
    run = Run(seed, ground, Random(seed))
    ground.seed(seed)
    ways = WAYS[: run.random.randint(1, len(WAYS))]
    for row in RpcEndpoint.objects.filter(network=ground.network):
        RpcEndpoint.objects.filter(pk=row.pk).update(enabled=row.name in ways)
    run.happened[f"{len(ways)}_endpoints"] += 1
    run.receiver = make_wallet(f"receiver-{seed}", ground.chain, ether=0).address
    marker = 1
    for number in range(run.random.randint(1, 3)):
        wallet = make(f"run-{seed}-{number}", ground.chain, ether=1000)
        run.wallets.append(wallet)
        for _ in range(run.random.randint(1, 4)):
            key = f"chaos:{seed}:{marker}"
            transfer(wallet, ground.network, run.receiver, key=key, value=ETHER + marker)
            marker += 1
    return run


def play(run: Run) -> None:
    """Rounds of work among faults, then quiet until everything is at rest."""
    run.ground.fail(CHANCE)
    for _ in range(run.random.randint(4, 10)):
        _disturb(run)
        _work_or_die(run)
        _time_passes(run)
        lift_stop(reason="the round is over", actor="chaos")
    run.ground.fail(0.0)
    for _ in range(MOST_ROUNDS):
        _time_passes(run)
        _round(run)
        if not run.rows.exclude(state__in=AT_REST).exists() or _only_paused(run):
            return


def _only_paused(run: Run) -> bool:
    waiting = run.rows.filter(lane__paused=True, state__in=(S.QUEUED, S.HELD))
    rows = run.rows.exclude(state__in=AT_REST)
    return bool(run.foreign) and not rows.exclude(pk__in=waiting).exists()


def _disturb(run: Run) -> None:
    """One thing that the world does."""
    acts: list[Callable[[Run], None]] = [
        _reorganise,
        _drop_pool,
        _spike,
        _cancel_one,
        _speed_up_one,
        _use_key,
        _stop,
        _nothing,
    ]
    run.random.choice(acts)(run)


def _nothing(run: Run) -> None:
    run.happened["quiet"] += 1


def _reorganise(run: Run) -> None:
    depth = run.random.randint(1, DEEPEST)
    run.happened[f"reorg_{depth}"] += 1
    run.call("anvil_reorg", depth, [])


def _drop_pool(run: Run) -> None:
    run.happened["pool_dropped"] += 1
    run.call("anvil_dropAllTransactions")


def _spike(run: Run) -> None:
    run.happened["fee_spike"] += 1
    gwei = run.random.choice([20, 100, 400])
    run.call("anvil_setNextBlockBaseFeePerGas", hex(gwei * GWEI))
    run.ground.chain.mine()


def _stop(run: Run) -> None:
    """The emergency stop, for a round."""
    run.happened["stop"] += 1
    engage_stop(reason="a random run", actor="chaos")


def _cancel_one(run: Run) -> None:
    def cancel(pk: int) -> None:
        cancel_transaction(transaction_id=pk, actor="chaos", reason="a random run")
        run.asked_to_cancel.add(pk)

    _ask(run, "cancel", cancel)


def _speed_up_one(run: Run) -> None:
    _ask(run, "speed_up", lambda pk: speed_up_transaction(transaction_id=pk, actor="test"))


def _ask(run: Run, name: str, service: Callable[[int], object]) -> None:
    rows = list(run.rows.order_by("pk"))
    try:
        service(run.random.choice(rows).pk)
        run.happened[name] += 1
    except NotPossible:
        run.happened["nothing_to_ask"] += 1


def _use_key(run: Run) -> None:
    """Seldom: somebody else sends with one of the keys."""
    if run.foreign or run.random.random() > 0.3:
        return _nothing(run)
    wallet = run.random.choice(run.wallets)
    run.call("anvil_impersonateAccount", wallet.address)
    mined = run.call("eth_getTransactionCount", wallet.address, "latest")
    message = {"from": wallet.address, "to": wallet.address, "nonce": mined}
    price = {"maxFeePerGas": hex(5000 * GWEI), "maxPriorityFeePerGas": hex(100 * GWEI)}
    sent = run.call("eth_sendTransaction", {**message, **price, "value": "0x7"})
    run.ground.chain.mine()
    run.foreign[wallet.label] = sent
    run.happened["foreign"] += 1
    return None


def _work_or_die(run: Run) -> None:
    """A round of work in a child, killed at a boundary: a named one, or whichever is the n-th."""
    point: Point | None = run.random.choice(list(Point))
    passes = run.random.choice((0, 0, 1))
    if run.random.random() < 0.4:
        point, passes = None, run.random.randrange(MOST_PASSES)
    mines = run.random.random() < 0.7
    if where := dies_at(point, "", lambda: _round(run, mines=mines), passes=passes):
        run.killed[where] += 1
    run.happened["killed" if where else "survived"] += 1


def _round(run: Run, *, mines: bool = True) -> None:
    for lane in run.lanes:
        tick(lane.pk)
    if mines:
        run.ground.chain.mine()
    network = Network.objects.get(pk=run.ground.network.pk)
    # A worker's runner notes it and goes on.
    with suppress(ChainError):
        watch(network, NetworkClient(network))


def _time_passes(run: Run) -> None:
    """Leases run out, patience ends, breakers close."""
    long_ago = timezone.now() - timedelta(minutes=5)
    run.lanes.exclude(lease_expires_at=None).update(lease_expires_at=long_ago)
    sent = Attempt.objects.filter(lane__in=run.lanes, times_sent__gt=0)
    sent.update(last_sent_at=long_ago, created_at=long_ago)
    run.rows.filter(state=S.RESERVED).update(state_changed_at=long_ago)
    RpcEndpoint.objects.filter(network=run.ground.network).update(
        open_until=None, consecutive_errors=0
    )
    Network.objects.filter(pk=run.ground.network.pk).update(watched_at=None)
