"""Rounds of a mixed run: what is asked of our workers, what others do, what goes wrong."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.utils import timezone

from analytics import booking as ledger
from analytics.books import reading as told
from protocols.models import Protocol
from scheduling.dispatch import dispatch_due
from scheduling.models import Run, Task
from scheduling.runs import advance_runs, unsettle_reorganised
from scheduling.services import create_task
from scheduling.states import FINISHED_RUN
from tests.bench.books.ground import FINAL_DEPTH, RICH, STRANGER, TRAP, Books
from tests.faults.chaos import AT_REST
from tests.protocols.operators import USDC
from tests.wallets.crashing import dies_at
from tests.wallets.intents import transfer
from wallets.chain.client import ChainError, NetworkClient
from wallets.models import Attempt, Lease, Network, NonceLane, RpcEndpoint, Transaction, Wallet
from wallets.transactions import market as prices
from wallets.transactions.operator import (
    NotPossible,
    cancel_transaction,
    speed_up_transaction,
)
from wallets.transactions.states import TransactionState as S
from wallets.transactions.tick import tick
from wallets.transactions.watch import watch

TASKS_A_ROUND, PLAIN_A_ROUND, MOST_WAITING = 10, 44, 200
LONG_AGO = timedelta(minutes=5)
QUIET_ROUNDS = 200
REVERTS = "0x60006000fd"


def play(books: Books, wanted: int, *, kills: bool, say: Callable[[str], None]) -> None:
    """Rounds until so many transactions are on the chain, then quiet until all is at rest."""
    while (count := on_chain(books)) < wanted:
        books.round += 1
        say(f"{count} of {wanted} transactions, block {_head(books)}")
        if _waiting() < MOST_WAITING:
            _ask(books)
        _others(books)
        trapped = books.round % 6 == 3 and _trap(books)
        _work(books, kills=kills and books.round % 4 == 0)
        if trapped:
            books.call("anvil_setCode", TRAP, REVERTS)
        _block(books)
        if trapped:
            books.call("anvil_setCode", TRAP, "0x")
        _go_wrong(books)
    settle_down(books)


def settle_down(books: Books) -> None:
    """What the workers do without disturbance, until nothing is on its way."""
    for _ in range(QUIET_ROUNDS):
        _work(books, kills=False)
        _block(books)
        runs = Run.objects.exclude(state__in=(*FINISHED_RUN, "needs_operator"))
        if not Transaction.objects.exclude(state__in=AT_REST).exists() and not runs.exists():
            break
    for _ in range(FINAL_DEPTH + 2):
        _block(books)
    _book()


def on_chain(books: Books) -> int:
    """Transactions of our wallets and to them that stand in a block."""
    ours = Transaction.objects.filter(state__in=(S.INCLUDED, S.CONFIRMED, S.FINAL)).count()
    return ours + books.happened["outside"] + books.happened["elsewhere"]


def _waiting() -> int:
    return Transaction.objects.exclude(state__in=(*AT_REST, S.CONFIRMED)).count()


def _ask(books: Books) -> None:
    """Tasks that go the way of every run, and plain transfers."""
    for wallet in books.random.sample(books.wallets, min(TASKS_A_ROUND, len(books.wallets))):
        action, params = books.random.choice(ACTIONS)(books, wallet)
        _task(books, wallet, action, params)
    for number in range(PLAIN_A_ROUND):
        wallet = books.random.choice(books.wallets)
        to = books.random.choice([STRANGER, *(one.address for one in books.every)])
        key = f"books:{books.round}:{number}"
        value = books.random.randrange(1, 10**15)
        transfer(wallet, books.network, to, key=key, value=value)
        books.happened["transfer"] += 1


def _task(books: Books, wallet: Wallet, action: str, params: dict[str, Any]) -> None:
    task = Task(
        name=f"{action} {books.round} {wallet.label}",
        protocol=Protocol.objects.get(slug="evm"),
        action=action,
        network=books.network,
        params=params,
        schedule=Task.Schedule.ONCE,
        starts_at=timezone.now(),
    )
    create_task(task=task, wallets={wallet: {}})
    books.happened[action] += 1


Asked = tuple[str, dict[str, Any]]


def _swap_in(books: Books, _wallet: Wallet) -> Asked:
    amount = books.random.randrange(10**14, 10**16)
    return "swap", {"token_in": "native", "token_out": books.token("USDC"), "amount": str(amount)}


def _swap_out(books: Books, _wallet: Wallet) -> Asked:
    amount = books.random.randrange(USDC // 10, 5 * USDC)
    return "swap", {"token_in": books.token("USDC"), "token_out": "native", "amount": str(amount)}


def _swap_tokens(books: Books, _wallet: Wallet) -> Asked:
    amount = books.random.randrange(USDC // 10, USDC)
    pair = {"token_in": books.token("USDC"), "token_out": books.token("GOV")}
    return "swap", {**pair, "amount": str(amount)}


def _pay_token(books: Books, wallet: Wallet) -> Asked:
    others = [one.address for one in books.every if one != wallet]
    to = books.random.choice([STRANGER, *others])
    amount = books.random.randrange(1, USDC)
    return "transfer-token", {"token": books.token("USDC"), "to": to, "amount": str(amount)}


def _wrap(books: Books, _wallet: Wallet) -> Asked:
    return "wrap", {"amount": str(books.random.randrange(10**13, 10**15))}


def _unwrap(_books: Books, _wallet: Wallet) -> Asked:
    return "unwrap", {"amount": "1000"}


def _approve(books: Books, _wallet: Wallet) -> Asked:
    router = books.market.manifest.l2.router.address
    amount = books.random.randrange(1, 1000)
    return "approve", {"token": books.token("USDC"), "spender": router, "amount": str(amount)}


ACTIONS: tuple[Callable[[Books, Wallet], Asked], ...] = (
    _swap_in,
    _swap_out,
    _swap_tokens,
    _pay_token,
    _pay_token,
    _wrap,
    _unwrap,
    _approve,
)


def _others(books: Books) -> None:
    """What comes from outside, and what the wallet does whose key is elsewhere."""
    for _ in range(3):
        to = books.random.choice(books.every).address
        if books.random.random() < 0.5:
            books.send(RICH, to, value=books.random.randrange(1, 10**15))
        else:
            books.pay_token(RICH, "USDC", to, books.random.randrange(1, 10 * USDC))
        books.happened["outside"] += 1
    to = books.random.choice([STRANGER, books.wallets[0].address])
    if books.random.random() < 0.5:
        books.send(books.elsewhere.address, to, value=books.random.randrange(1, 10**15))
    else:
        books.pay_token(books.elsewhere.address, "USDC", to, books.random.randrange(1, USDC))
    books.happened["elsewhere"] += 1


def _trap(books: Books) -> bool:
    """A transfer to an address that pays when it is signed, and reverts when it is mined."""
    wallet = books.random.choice(books.wallets)
    key = f"books:{books.round}:trap"
    transfer(wallet, books.network, TRAP, key=key, value=books.random.randrange(1, 10**9))
    books.happened["trap"] += 1
    return True


def _work(books: Books, *, kills: bool) -> None:
    """A pass of the workers: in a child that is killed somewhere in it, or here."""
    if not kills:
        _pass(books)
        return
    passes = books.random.randrange(60)
    connected = [row.pk for row in NonceLane.objects.all()]
    died = dies_at(None, "", lambda: _pass(books), passes=passes)
    books.happened["killed" if died else "survived"] += 1
    _time_passes(connected)


def _pass(books: Books) -> None:
    """Everything the workers would do until the next block."""
    now = timezone.now()
    Run.objects.exclude(wake_at=None).update(wake_at=now)
    dispatch_due()
    unsettle_reorganised()
    advance_runs()
    prices.forget()
    for lane in NonceLane.objects.values_list("pk", flat=True):
        tick(lane)
    network = Network.objects.get(pk=books.network.pk)
    with suppress(ChainError):
        watch(network, NetworkClient(network))
    _book()


def _book() -> None:
    ledger.book_ledger()
    ledger.book_unbooked()
    told.book_news()


def _block(books: Books) -> None:
    prices.forget()
    books.call("evm_mine")
    network = Network.objects.get(pk=books.network.pk)
    with suppress(ChainError):
        watch(network, NetworkClient(network))


def _head(books: Books) -> int:
    return int(books.call("eth_blockNumber"), 16)


def _go_wrong(books: Books) -> None:
    """Now and then: a reorganisation, an empty pool, a person who changes their mind."""
    if books.round % 15 == 0:
        depth = books.random.randint(1, 6)
        books.call("anvil_reorg", depth, [])
        books.happened["reorganised"] += 1
        _time_passes([row.pk for row in NonceLane.objects.all()])
    if books.round % 40 == 0:
        books.call("anvil_dropAllTransactions")
        books.happened["pool_dropped"] += 1
        _time_passes([row.pk for row in NonceLane.objects.all()])
    if books.round % 2 == 0:
        _change_minds(books)


def _change_minds(books: Books) -> None:
    rows = list(Transaction.objects.filter(state__in=(S.QUEUED, S.SIGNED, S.BROADCAST))[:40])
    for row in books.random.sample(rows, min(3, len(rows))):
        with suppress(NotPossible):
            if books.random.random() < 0.5:
                cancel_transaction(transaction_id=row.pk, actor="books", reason="a mixed run")
                books.happened["cancel"] += 1
            else:
                speed_up_transaction(transaction_id=row.pk, actor="books")
                books.happened["speed_up"] += 1


def _time_passes(lanes: list[int]) -> None:
    """What the dead held is free again, and what was sent long ago may be sent again."""
    long_ago = timezone.now() - LONG_AGO
    NonceLane.objects.filter(pk__in=lanes).update(lease_expires_at=long_ago)
    Lease.objects.exclude(expires_at=None).update(expires_at=long_ago)
    Attempt.objects.filter(times_sent__gt=0, transaction__state__in=(S.SIGNED, S.BROADCAST)).update(
        last_sent_at=long_ago
    )
    RpcEndpoint.objects.update(open_until=None, consecutive_errors=0)
    Network.objects.update(watched_at=None)
