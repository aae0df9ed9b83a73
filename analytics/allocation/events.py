"""What became of rebalances that were applied: weights afterwards, and what they really cost."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from functools import reduce
from operator import or_

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from analytics.allocation.bridged import Spent, kept_by_bridges
from analytics.allocation.computing import RESERVE
from analytics.allocation.holdings import read_holdings, spread_of
from analytics.allocation.routes import EXCHANGES
from analytics.allocation.values import WHOLE, CannotAllocate
from analytics.exposure import to_cents
from analytics.flows import Money
from analytics.models import LedgerEntry, Rebalance, RebalanceEvent
from analytics.selectors import valid_entries
from scheduling.models import Occurrence, Run, TaskWallet
from scheduling.states import FINISHED_RUN, OccurrenceState
from wallets.amounts import DIGITS
from wallets.models import Transaction
from wallets.price_history import History
from wallets.prices import worth_at
from wallets.transactions.states import TransactionState as TS

K = LedgerEntry.Kind
# Balances and positions are read again soon after runs; for what is unknown longer nobody waits.
WAITED = timedelta(hours=6)
_STEP = "transaction__step__run__task"
_EXCHANGES = reduce(
    or_,
    (
        Q((f"{_STEP}__protocol__slug", protocol), (f"{_STEP}__action", action))
        for protocol, action, _, _ in EXCHANGES
    ),
)


def open_events() -> QuerySet[RebalanceEvent]:
    """Those whose end is not written down yet."""
    rows = RebalanceEvent.objects.filter(ended_at=None).order_by("pk")
    return rows.select_related("rebalance__policy")


def close_events(now: datetime | None = None) -> int:
    """Write down the end of those whose runs are over and booked; how many that were."""
    moment = now or timezone.now()
    return sum(_close(event, moment) for event in open_events())


def _close(event: RebalanceEvent, now: datetime) -> bool:
    tasks = list(event.rebalance.tasks.values_list("pk", flat=True))
    over = _over_since(tasks, event.began_at)
    if over is None or _unbooked(tasks):
        return False
    if now - over < WAITED and _under_way(tasks):
        return False
    try:
        after, problem = _weights(event.rebalance, now), ""
    except CannotAllocate as error:
        if now - over < WAITED:
            return False
        after, problem = [], str(error)
    cost = actual_cost(tasks)
    open_still = RebalanceEvent.objects.filter(pk=event.pk, ended_at=None)
    return bool(
        open_still.update(
            ended_at=now,
            after=after,
            after_problem=problem[:500],
            actual_cost_cents=None if cost.dollars is None else _cents(cost.dollars),
            cost_problem=cost.problem[:500],
        )
    )


def _over_since(tasks: Iterable[int], began: datetime) -> datetime | None:
    """When the last run ended; None while one is not over, or a due time has no run yet.

    For a task that somebody has switched off before it was due nobody waits.
    """
    occurrences = Occurrence.objects.filter(task__in=tasks)
    awaited = Q(task__enabled=True) | Exists(occurrences.filter(task=OuterRef("task")))
    wanted = TaskWallet.objects.filter(awaited, task__in=tasks).count()
    skipped = occurrences.filter(state=OccurrenceState.SKIPPED).count()
    runs = Run.objects.filter(task__in=tasks)
    ended = runs.filter(state__in=FINISHED_RUN, wake_at=None)
    if wanted > skipped + ended.count() or runs.count() > ended.count():
        return None
    newest = [*ended.values_list("state_changed_at", flat=True)]
    due = occurrences.order_by("-due_at").values_list("due_at", flat=True).first()
    return max(newest, default=None) or due or began


def _unbooked(tasks: Iterable[int]) -> bool:
    """Whether the books lack a fee of something that was mined."""
    fees = LedgerEntry.objects.filter(transaction=OuterRef("pk"), kind=K.FEE)
    mined = Transaction.objects.filter(
        step__run__task__in=tasks, state__in=(TS.CONFIRMED, TS.FINAL)
    )
    mined = mined.filter(receipts__canonical=True)
    return mined.exclude(Exists(fees)).exists()


def _under_way(tasks: Iterable[int]) -> bool:
    """Whether something has left that no balance of ours may have yet."""
    try:
        list(kept_by_bridges(tasks))
    except CannotAllocate:
        return True
    return False


def actual_cost(tasks: Sequence[int]) -> Money:
    """Fees of all its runs, what exchanges gave less than they took, and what bridges kept.

    From the books, at prices of the time; unknown where one was not stored, or what went over a
    bridge has not arrived.
    """
    try:
        spent = [*_spent(tasks), *kept_by_bridges(tasks)]
    except CannotAllocate as error:
        return Money(None, str(error))
    if not spent:
        return Money(Decimal(0))
    moments = [one.at for one in spent]
    history = History({one.token.pk for one in spent}, min(moments), max(moments))
    total = Decimal(0)
    with localcontext(prec=2 * DIGITS):
        for one in spent:
            value = worth_at(abs(one.amount), one.token, history.at(one.token.pk, one.at))
            if value is None:
                at = f"{one.at:%Y-%m-%d %H:%M} UTC"
                return Money(None, f"the price of {one.token} at {at} was not stored")
            total += value if one.amount > 0 else -value
    return Money(total)


def _spent(tasks: Sequence[int]) -> Iterator[Spent]:
    rows = valid_entries().filter(transaction__step__run__task__in=tasks)
    for row in rows.filter(Q(kind=K.FEE) | _EXCHANGES).select_related("token__network"):
        amount = -row.amount if row.kind == K.IN else row.amount
        yield Spent(row.token, amount, row.occurred_at)


def _weights(rebalance: Rebalance, now: datetime) -> list[dict[str, object]]:
    """As they are now, in cents and basis points, rounded down."""
    holdings = read_holdings(now)
    buckets = list(rebalance.policy.buckets.all())
    inside, outside = spread_of(holdings, buckets)
    total = holdings.total_cents
    names = [*map(str, buckets), RESERVE]
    with localcontext(prec=2 * DIGITS):
        cents = [
            to_cents(sum(cells.values(), Decimal(0)), ROUND_FLOOR) for cells in (*inside, outside)
        ]
    return [
        {"name": name, "cents": one, "bps": one * WHOLE // total if total > 0 else 0}
        for name, one in zip(names, cents, strict=True)
    ]


def _cents(dollars: Decimal) -> int:
    return to_cents(dollars, ROUND_CEILING)
