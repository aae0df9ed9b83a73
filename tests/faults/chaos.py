"""One seeded run: intents, and everything that may go wrong between them and the chain."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from django.utils import timezone

from tests.chains import ETHER, Chain, make_wallet
from tests.faults.proxy import Plan
from tests.wallets.crashing import dies_at, executed
from tests.wallets.intents import transfer
from wallets.chain.client import NetworkClient
from wallets.models import Attempt, Network, NonceLane, RpcEndpoint, Transaction, Wallet
from wallets.transactions.operator import NotPossible, cancel_transaction, speed_up_transaction
from wallets.transactions.points import Point
from wallets.transactions.states import TransactionState as S
from wallets.transactions.tick import tick
from wallets.transactions.watch import watch

CHANCE = 0.15
GWEI = 10**9
MOST_ROUNDS = 60
AT_REST = (S.FINAL, S.REFUSED, S.EXPIRED, S.CANCELLED, S.VOIDED, S.NEEDS_OPERATOR)
KINDS = ("original", "bump", "cancel", "filler")


@dataclass(slots=True)
class Run:
    """A run under way."""

    seed: int
    chain: Chain
    network: Network
    plan: Plan
    random: Random
    wallets: list[Wallet] = field(default_factory=list)
    receiver: str = ""
    happened: Counter[str] = field(default_factory=Counter)
    foreign: set[str] = field(default_factory=set)

    @property
    def rows(self) -> Any:
        """The run's transactions."""
        return Transaction.objects.filter(lane__wallet__in=self.wallets)


def make_run(seed: int, chain: Chain, network: Network, plan: Plan) -> Run:
    """Wallets with intents, each told from all others by its value."""
    run = Run(seed, chain, network, plan, Random(seed))
    plan.random = Random(seed + 1)
    run.receiver = make_wallet(f"receiver-{seed}", chain, ether=0).address
    marker = 1
    for number in range(run.random.randint(1, 3)):
        wallet = make_wallet(f"run-{seed}-{number}", chain, ether=1000)
        run.wallets.append(wallet)
        for _ in range(run.random.randint(1, 4)):
            key = f"chaos:{seed}:{marker}"
            transfer(wallet, network, run.receiver, key=key, value=ETHER + marker)
            marker += 1
    return run


def play(run: Run) -> None:
    """Rounds of work among faults, then quiet until everything is at rest."""
    run.plan.chance = CHANCE
    for _ in range(run.random.randint(4, 10)):
        _disturb(run)
        _work_or_die(run)
        _time_passes(run)
    run.plan.chance = 0.0
    for _ in range(MOST_ROUNDS):
        _time_passes(run)
        _round(run)
        if not run.rows.exclude(state__in=AT_REST).exists() or _only_paused(run):
            return


def verdict(run: Run) -> dict[str, Any]:
    """What the chain holds beside what was asked, counted by plain JSON-RPC."""
    found: list[str] = []
    duplicates = lost = 0
    for wallet in run.wallets:
        done = executed(run.chain, wallet.address)
        paid = Counter(value for to, value, _ in done if to == run.receiver.lower())
        duplicates += sum(count - 1 for count in paid.values())
        for row in run.rows.filter(lane__wallet=wallet, to=run.receiver):
            lost += _is_lost(run, row, paid[row.value])
            found += _contradictions(row, paid[row.value])
        found += _nonces(run, wallet, len(done))
    return {"duplicates": duplicates, "lost": lost, "violations": found}


def _is_lost(run: Run, row: Transaction, paid: int) -> bool:
    """Neither paid nor ended for a reason that an operator can read."""
    if paid or row.state in (S.CANCELLED, S.NEEDS_OPERATOR) or row.outcome == "replaced":
        return False
    # A lane whose key was used elsewhere waits for a person, with all it holds.
    return row.lane.wallet.label not in run.foreign


def _contradictions(row: Transaction, paid: int) -> list[str]:
    if row.state == S.FINAL and row.outcome == "succeeded" and paid != 1:
        return [f"{row.pk} is final and succeeded, and paid {paid} times"]
    if paid and (row.state, row.outcome) != (S.FINAL, "succeeded"):
        return [f"{row.pk} is paid and {row.state} {row.outcome}: {row.detail}"]
    attempts = {attempt.nonce for attempt in row.attempts.all()}
    return [f"{row.pk} has attempts at {attempts}"] if len(attempts) > 1 else []


def _nonces(run: Run, wallet: Wallet, on_chain: int) -> list[str]:
    if wallet.label in run.foreign:
        lane = NonceLane.objects.get(wallet=wallet)
        # A lane at rest is not looked at; it finds out before it signs again.
        if lane.paused or not lane.transactions.exclude(state__in=AT_REST).exists():
            return []
        return [f"{lane} is not paused although its key was used elsewhere"]
    ours = Transaction.objects.filter(lane__wallet=wallet, nonce__isnull=False).count()
    return [] if ours == on_chain else [f"{wallet} has {ours} nonces and {on_chain} on chain"]


def _only_paused(run: Run) -> bool:
    waiting = run.rows.filter(lane__paused=True, state__in=(S.QUEUED, S.HELD))
    rows = run.rows.exclude(state__in=AT_REST)
    return bool(run.foreign) and not rows.exclude(pk__in=waiting).exists()


def _disturb(run: Run) -> None:
    """One thing that the world does."""
    act = run.random.choice(
        [_reorganise, _drop_pool, _spike, _cancel_one, _speed_up_one, _use_key, _nothing, _nothing]
    )
    act(run)


def _nothing(run: Run) -> None:
    run.happened["quiet"] += 1


def _reorganise(run: Run) -> None:
    depth = run.random.randint(1, 8)
    run.happened[f"reorg_{depth}"] += 1
    run.chain.rpc.call("anvil_reorg", depth, [])


def _drop_pool(run: Run) -> None:
    run.happened["pool_dropped"] += 1
    run.chain.rpc.call("anvil_dropAllTransactions")


def _spike(run: Run) -> None:
    run.happened["fee_spike"] += 1
    gwei = run.random.choice([20, 100, 400])
    run.chain.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(gwei * GWEI))
    run.chain.mine()


def _cancel_one(run: Run) -> None:
    _ask(run, "cancel", lambda pk: cancel_transaction(transaction_id=pk, actor="c", reason="c"))


def _speed_up_one(run: Run) -> None:
    _ask(run, "speed_up", lambda pk: speed_up_transaction(transaction_id=pk, actor="test"))


def _ask(run: Run, name: str, service: Any) -> None:
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
    run.chain.rpc.call("anvil_impersonateAccount", wallet.address)
    mined = run.chain.rpc.call("eth_getTransactionCount", wallet.address, "latest")
    message = {"from": wallet.address, "to": wallet.address, "nonce": mined}
    price = {"maxFeePerGas": hex(5000 * GWEI), "maxPriorityFeePerGas": hex(100 * GWEI)}
    run.chain.rpc.call("eth_sendTransaction", {**message, **price, "value": "0x7"})
    run.chain.mine()
    run.foreign.add(wallet.label)
    run.happened["foreign"] += 1
    return None


def _work_or_die(run: Run) -> None:
    """A round of work in a child that is killed at a random boundary, if it comes there."""
    point = run.random.choice(list(Point))
    kind = run.random.choice(KINDS)
    died = dies_at(point, kind, lambda: _round(run))
    run.happened["killed" if died else "survived"] += 1


def _round(run: Run) -> None:
    for lane in NonceLane.objects.filter(wallet__in=run.wallets):
        tick(lane.pk)
    run.chain.mine()
    network = Network.objects.get(pk=run.network.pk)
    watch(network, NetworkClient(network))


def _time_passes(run: Run) -> None:
    """Leases run out, patience ends, breakers close."""
    long_ago = timezone.now() - timedelta(minutes=5)
    lanes = NonceLane.objects.filter(wallet__in=run.wallets)
    lanes.exclude(lease_expires_at=None).update(lease_expires_at=long_ago)
    sent = Attempt.objects.filter(lane__in=lanes, times_sent__gt=0)
    sent.update(last_sent_at=long_ago, created_at=long_ago)
    RpcEndpoint.objects.filter(network=run.network).update(open_until=None, consecutive_errors=0)
    Network.objects.filter(pk=run.network.pk).update(watched_at=None)
