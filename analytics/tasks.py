"""What the workers run on this floor: read the history of state changes into the books."""

import time
from collections.abc import Iterable, Iterator
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import transaction as database
from django.utils import timezone

from analytics import history, roi_readings
from analytics.basis import jobs as profit_jobs
from analytics.books import reading
from analytics.campaigns import watching
from analytics.chain_history import live
from analytics.chain_history.own import record_transactions
from analytics.equity import latest_point, record_point
from analytics.ledger import book_transactions
from analytics.models import Unbooked
from analytics.rollups.running import roll_up
from analytics.rollups.turns import LEASE as ROLLUPS
from analytics.rollups.turns import RollupBusy, turn
from analytics.services import record_claims
from protocols.position_readings import readings_behind
from scheduling.models import Step
from scheduling.position_watch import watch_new_positions
from scheduling.states import StepState
from wallets import leases, wakeups
from wallets.actors import this_worker
from wallets.models import Lease, Transaction, Transition
from wallets.transactions.states import TransactionState as S

log = structlog.get_logger(__name__)

RETRY_AFTER = timedelta(minutes=1)
RETRIES_PER_JOB = 100
# So that a worker is soon there for others again; the pulse asks again for what is left.
JOB_SECONDS = 2.0
LEASE = history.LEASE
OWN_HISTORY = "own-history"  # a cursor and a lease
# Balances and positions read at different times would count twice what moved between: a sum waits
# for what a run has changed to be read again, but not for ever.
FIGURES, FIGURES_AGAIN, FIGURES_WAIT = "figures", timedelta(seconds=5), timedelta(minutes=10)

# Of a job's time; a day that was begun is finished, and the rest waits for the next.
ROLLUPS_SECONDS, ROLLUPS_PAUSE = 10.0, timedelta(minutes=10)


def register_wakeups() -> None:
    """Register this floor's wake-ups with the pulse."""
    wakeups.register(wakeups.Periodic("ledger", "analytics.tasks.book_ledger", _history_due))
    wakeups.register(wakeups.Periodic("unbooked", "analytics.tasks.book_unbooked", _retry_due))
    wakeups.register(wakeups.Periodic("told", "analytics.books.reading.book_news", reading.due))
    wakeups.register(wakeups.Periodic("own_history", "analytics.tasks.record_own", _own_due))
    wakeups.register(
        wakeups.Periodic("chain_history", "analytics.chain_history.live.read_new_blocks", live.due)
    )
    wakeups.register(wakeups.Periodic("figures", "analytics.tasks.add_up_figures", _figures_due))
    profit_jobs.register()
    roi_readings.register()
    wakeups.register(wakeups.Periodic("rollups", "analytics.tasks.keep_rollups", _rollups_due))
    wakeups.register(watching.PERIODIC)


def book_ledger() -> None:
    """Book every transaction about which the history has something new."""
    if not history.has_news(history.LEDGER):
        return
    owner, until = this_worker(), time.monotonic() + JOB_SECONDS
    # Two at once would book the same; the lease only saves the work.
    if not leases.take(history.LEDGER, owner=owner, duration=LEASE):
        return
    try:
        while time.monotonic() < until and _book_some():
            pass
    finally:
        leases.release(history.LEDGER, owner=owner)


def _book_some() -> bool:
    """Book what a part of the history has touched; whether there is more right behind it."""
    news = history.read(history.LEDGER)
    _book(_touched(news.lines))
    reading.book_arrivals(line.subject_id for line in news.lines if line.subject == "step")
    # Only now: whoever dies before this line leaves the batch to be read again.
    return history.keep(news) and news.full


def record_own() -> None:
    """Write our own transactions into the history of wallets, by a cursor of its own."""
    owner, until = this_worker(), time.monotonic() + JOB_SECONDS
    if not leases.take(OWN_HISTORY, owner=owner, duration=LEASE):
        return
    try:
        full = True
        while full and time.monotonic() < until:
            reading = history.read(OWN_HISTORY)
            record_transactions(_touched(reading.lines))
            full = history.keep(reading) and reading.full
    finally:
        leases.release(OWN_HISTORY, owner=owner)


def book_unbooked() -> None:
    """Try again what could not be booked."""
    due = Unbooked.objects.filter(retry_at__lte=timezone.now()).order_by("retry_at")
    booked = _book(list(due.values_list("transaction_id", flat=True)[:RETRIES_PER_JOB]))
    Unbooked.objects.filter(transaction__in=booked).delete()


def _book(ids: list[int]) -> list[int]:
    """Bring them in line with the facts; the others are noted, to be tried again later."""
    if not ids:
        return []
    with database.atomic():
        _, refused = book_transactions(ids)
        booked = [pk for pk in ids if pk not in refused]
        record_claims(booked)
        reading.book_again(booked)
    for pk, error in refused.items():
        log.error("transaction_unbooked", transaction=pk, reason=str(error))
        Unbooked.objects.update_or_create(
            transaction_id=pk,
            defaults={"reason": str(error)[:500], "retry_at": timezone.now() + RETRY_AFTER},
        )
    return booked


def _touched(lines: Iterable[Transition]) -> list[int]:
    """The transactions whose entries the lines may change, each once."""
    changed = [line for line in lines if _matters(line)]
    if not changed:
        return []
    steps = [line.subject_id for line in changed if line.subject == "step"]
    through = Step.objects.filter(pk__in=steps).values_list("transaction_id", flat=True)
    touched = {line.subject_id for line in changed if line.subject == "transaction"} | set(through)
    # Only those that are still there: `cleanup` archives what never reached a chain.
    rows = Transaction.objects.filter(pk__in=touched - {None}).order_by("pk")
    return list(rows.values_list("pk", flat=True))


def _matters(line: Transition) -> bool:
    """Whether the change is one of those that entries depend on."""
    if line.subject == "step":
        return line.to_state == StepState.SETTLED
    booked = (S.CONFIRMED, S.FINAL)
    return line.subject == "transaction" and (line.to_state in booked or line.from_state in booked)


def add_up_figures() -> None:
    """Write down what all is worth; a little later while positions are still to be read again."""
    owner, pause = this_worker(), FIGURES_AGAIN
    if not leases.take(FIGURES, owner=owner, duration=LEASE):
        return
    try:
        watch_new_positions()
        latest = latest_point()
        waited_long = latest is None or latest.at < timezone.now() - FIGURES_WAIT
        if waited_long or not readings_behind().exists():
            record_point()
            pause = timedelta(seconds=settings.FIGURE_SECONDS)
    finally:
        leases.release(FIGURES, owner=owner, free_from=timezone.now() + pause)


def keep_rollups() -> None:
    """Add up the hours that have ended since, and again what has changed."""
    try:
        with turn(LEASE, ROLLUPS_PAUSE):
            roll_up(seconds=ROLLUPS_SECONDS)
    except RollupBusy:
        return


def _rollups_due() -> Iterator[str]:
    if not Lease.objects.filter(pk=ROLLUPS, expires_at__gt=timezone.now()).exists():
        yield ""


def _figures_due() -> Iterator[str]:
    busy = Lease.objects.filter(pk=FIGURES, expires_at__gt=timezone.now())
    if settings.FIGURE_SECONDS and not busy.exists():
        yield ""


def _history_due() -> Iterator[str]:
    if history.has_news(history.LEDGER):
        yield ""


def _own_due() -> Iterator[str]:
    if history.has_news(OWN_HISTORY):
        yield ""


def _retry_due() -> Iterator[str]:
    if Unbooked.objects.filter(retry_at__lte=timezone.now()).exists():
        yield ""
