"""One seeded run: intents, and everything that may go wrong between them and the chain."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from tests.chains import ETHER, make_wallet
from tests.faults.draws import DEEPEST, Script, Turn, draw_script
from tests.faults.ground import WAYS, Ground
from tests.wallets.crashing import dies_at
from tests.wallets.intents import transfer
from tests.wallets.signer_server import make_remote_wallet
from wallets.chain.client import ChainError, NetworkClient
from wallets.models import Attempt, Network, NonceLane, RpcEndpoint, Transaction, Wallet
from wallets.services import engage_stop, lift_stop
from wallets.transactions.operator import NotPossible, cancel_transaction, speed_up_transaction
from wallets.transactions.states import TransactionState as S
from wallets.transactions.tick import tick
from wallets.transactions.watch import watch

CHANCE = 0.15
GWEI = 10**9
HAPPENINGS = (
    "killed",
    "pool_dropped",
    "fee_spike",
    "stop",
    "cancel",
    "speed_up",
    "foreign",
    "remote_wallet",
    *(f"reorg_{depth}" for depth in range(1, DEEPEST + 1)),
)
AT_REST = (S.FINAL, S.REFUSED, S.EXPIRED, S.CANCELLED, S.VOIDED, S.NEEDS_OPERATOR)
# Of so many requests a round, what would befall them is part of a run's plan.
REQUESTS = 20


@dataclass(slots=True)
class Run:
    """A run under way, and what the world did in it."""

    seed: int
    ground: Ground
    script: Script
    wallets: list[Wallet] = field(default_factory=list)
    receiver: str = ""
    happened: Counter[str] = field(default_factory=Counter)
    killed: Counter[str] = field(default_factory=Counter)
    asked_to_cancel: set[int] = field(default_factory=set)
    # Wallet label -> hash of what somebody else sent with its key.
    foreign: dict[str, str] = field(default_factory=dict)
    turned: list[Turn] = field(default_factory=list)

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


def make_run(seed: int, ground: Ground) -> Run:
    """Wallets with intents, each told from all others by its value."""
    run = Run(seed, ground, draw_script(seed))
    ground.seed(seed)
    ways = WAYS[: run.script.ways]
    for row in RpcEndpoint.objects.filter(network=ground.network):
        RpcEndpoint.objects.filter(pk=row.pk).update(enabled=row.name in ways)
    run.happened[f"{len(ways)}_endpoints"] += 1
    run.receiver = make_wallet(f"receiver-{seed}", ground.chain, ether=0).address
    marker = 1
    pairs = zip(run.script.intents, run.script.remote, strict=True)
    for number, (intents, is_remote) in enumerate(pairs):
        wallet = _make_wallet(run, f"run-{seed}-{number}", is_remote=is_remote)
        run.wallets.append(wallet)
        for _ in range(intents):
            key = f"chaos:{seed}:{marker}"
            transfer(wallet, ground.network, run.receiver, key=key, value=ETHER + marker)
            marker += 1
    return run


def _make_wallet(run: Run, label: str, *, is_remote: bool) -> Wallet:
    """Its key is here, or at the remote signer."""
    if not is_remote:
        return make_wallet(label, run.ground.chain, ether=1000)
    run.happened["remote_wallet"] += 1
    return make_remote_wallet(label, run.ground.chain, run.ground.signer.server, ether=1000)


def play(run: Run) -> None:
    """Rounds of work among faults, then quiet until everything is at rest."""
    run.ground.fail(CHANCE)
    for number, turn in enumerate(run.script.turns, 1):
        run.ground.begin_round(number)
        run.turned.append(turn)
        ACTS[turn.act](run, turn)
        _work_or_die(run, turn)
        _time_passes(run, signer_gives_up=turn.gives_up)
        lift_stop(reason="the round is over", actor="chaos")
    run.ground.fail(0.0)
    for gives_up in run.script.gives_up:
        _time_passes(run, signer_gives_up=gives_up)
        _round(run)
        if not run.rows.exclude(state__in=AT_REST).exists() or _only_paused(run):
            return


def plan_of(run: Run) -> str:
    """A digest of what was drawn: the script as it was followed, and what befalls each request."""
    told = sha256(repr((run.script, run.turned)).encode())
    for dice in run.ground.dice:
        for number in range(1, len(run.turned) + 1):
            drawn = [dice.at(number, request).random() for request in range(1, REQUESTS + 1)]
            told.update(repr(drawn).encode())
    return told.hexdigest()[:12]


def _only_paused(run: Run) -> bool:
    waiting = run.rows.filter(lane__paused=True, state__in=(S.QUEUED, S.HELD))
    rows = run.rows.exclude(state__in=AT_REST)
    return bool(run.foreign) and not rows.exclude(pk__in=waiting).exists()


def _nothing(run: Run, _turn: Turn) -> None:
    run.happened["quiet"] += 1


def _reorganise(run: Run, turn: Turn) -> None:
    run.happened[f"reorg_{turn.depth}"] += 1
    run.call("anvil_reorg", turn.depth, [])


def _drop_pool(run: Run, _turn: Turn) -> None:
    run.happened["pool_dropped"] += 1
    run.call("anvil_dropAllTransactions")


def _spike(run: Run, turn: Turn) -> None:
    run.happened["fee_spike"] += 1
    run.call("anvil_setNextBlockBaseFeePerGas", hex(turn.gwei * GWEI))
    run.ground.chain.mine()


def _stop(run: Run, _turn: Turn) -> None:
    """The emergency stop, for a round."""
    run.happened["stop"] += 1
    engage_stop(reason="a random run", actor="chaos")


def _cancel_one(run: Run, turn: Turn) -> None:
    def cancel(pk: int) -> None:
        cancel_transaction(transaction_id=pk, actor="chaos", reason="a random run")
        run.asked_to_cancel.add(pk)

    _ask(run, turn, "cancel", cancel)


def _speed_up_one(run: Run, turn: Turn) -> None:
    _ask(run, turn, "speed_up", lambda pk: speed_up_transaction(transaction_id=pk, actor="test"))


def _ask(run: Run, turn: Turn, name: str, service: Callable[[int], object]) -> None:
    rows = list(run.rows.order_by("pk"))
    try:
        service(rows[int(turn.which * len(rows))].pk)
        run.happened[name] += 1
    except NotPossible:
        run.happened["nothing_to_ask"] += 1


def _use_key(run: Run, turn: Turn) -> None:
    """Seldom: somebody else sends with one of the keys."""
    if run.foreign or not turn.key_is_used:
        return _nothing(run, turn)
    wallet = run.wallets[int(turn.which * len(run.wallets))]
    run.call("anvil_impersonateAccount", wallet.address)
    mined = run.call("eth_getTransactionCount", wallet.address, "latest")
    message = {"from": wallet.address, "to": wallet.address, "nonce": mined}
    price = {"maxFeePerGas": hex(5000 * GWEI), "maxPriorityFeePerGas": hex(100 * GWEI)}
    sent = run.call("eth_sendTransaction", {**message, **price, "value": "0x7"})
    run.ground.chain.mine()
    run.foreign[wallet.label] = sent
    run.happened["foreign"] += 1
    return None


ACTS: dict[str, Callable[[Run, Turn], None]] = {
    "reorganise": _reorganise,
    "drop_pool": _drop_pool,
    "spike": _spike,
    "cancel": _cancel_one,
    "speed_up": _speed_up_one,
    "use_key": _use_key,
    "stop": _stop,
    "nothing": _nothing,
}


def _work_or_die(run: Run, turn: Turn) -> None:
    """A round of work in a child, killed at a boundary: a named one, or whichever is the n-th."""
    work = partial(_round, run, mines=turn.mines)
    if where := dies_at(turn.point, "", work, passes=turn.passes):
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


def _time_passes(run: Run, *, signer_gives_up: bool) -> None:
    """Leases run out, patience ends, breakers close."""
    long_ago = timezone.now() - timedelta(minutes=5)
    run.lanes.exclude(lease_expires_at=None).update(lease_expires_at=long_ago)
    sent = Attempt.objects.filter(lane__in=run.lanes, times_sent__gt=0)
    sent.update(last_sent_at=long_ago, created_at=long_ago)
    if signer_gives_up:
        # What a signer does not sign for long is given up.
        run.rows.filter(state=S.RESERVED).update(state_changed_at=long_ago)
    RpcEndpoint.objects.filter(network=run.ground.network).update(
        open_until=None, consecutive_errors=0
    )
    Network.objects.filter(pk=run.ground.network.pk).update(watched_at=None)
