"""Reading the history of state changes into the books, and waiting until they know all of it."""

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

import structlog
from django.db import transaction as database
from django.db.models import Model
from django.utils import timezone

from analytics import history
from analytics.books import reading
from analytics.chain_history.own import record_transactions
from analytics.ledger import book_transactions
from analytics.models import ChainTransaction, ChainTransfer, Unbooked
from analytics.services import record_claims
from scheduling.models import Step
from scheduling.states import StepState
from wallets import leases, wakeups
from wallets.actors import this_worker
from wallets.models import Transaction, Transition
from wallets.transactions.states import TransactionState as S

log = structlog.get_logger(__name__)

RETRY_AFTER = timedelta(minutes=1)
RETRIES_PER_JOB = 100
# So that a worker is soon there for others again; the pulse asks again for what is left.
JOB_SECONDS = 2.0
OWN_HISTORY = "own-history"  # a cursor and a lease
# What another process has in hand is waited for, and looked at so often.
CATCH_UP_SECONDS, LOOK_EVERY = 30.0, 0.05


def register() -> None:
    """Register these jobs with the pulse."""
    for name, job, due in (
        ("ledger", "book_ledger", history_due),
        ("unbooked", "book_unbooked", retry_due),
        ("own_history", "record_own", own_due),
    ):
        wakeups.register(wakeups.Periodic(name, f"analytics.booking.{job}", due))


def catch_up() -> bool:
    """Book what the database knows now and the books do not yet; whether that was done in time.

    Balances of the chain and of the books can be compared only after it: a transfer that waits to
    be booked is no difference. What is written meanwhile is not waited for.
    """
    until = time.monotonic() + CATCH_UP_SECONDS
    lines = ((history.LEDGER, Transition), (OWN_HISTORY, Transition))
    told = ((reading.TRANSFERS, ChainTransfer), (reading.SENT, ChainTransaction))
    # Own transactions are among what the chain told, once they were read.
    return _read(lines, (book_ledger, record_own), until) and _read(
        told, (reading.book_news,), until
    )


def _read(
    tables: Iterable[tuple[str, type[Model]]], jobs: Iterable[Callable[[], None]], until: float
) -> bool:
    """Whether the cursors came past what is newest in their tables now."""
    wanted = [(name, table, history.newest(table)) for name, table in tables]
    while any(history.has_news(name, table, until=last) for name, table, last in wanted):
        if time.monotonic() > until:
            return False
        for job in jobs:
            job()
        time.sleep(LOOK_EVERY)
    return True


def book_ledger() -> None:
    """Book every transaction about which the history has something new."""
    if not history.has_news(history.LEDGER):
        return
    owner, until = this_worker(), time.monotonic() + JOB_SECONDS
    # Two at once would book the same; the lease only saves the work.
    if not leases.take(history.LEDGER, owner=owner, duration=history.LEASE):
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
    if not leases.take(OWN_HISTORY, owner=owner, duration=history.LEASE):
        return
    try:
        full = True
        while full and time.monotonic() < until:
            news = history.read(OWN_HISTORY)
            record_transactions(_touched(news.lines))
            full = history.keep(news) and news.full
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


def history_due() -> Iterator[str]:
    """Once, while the history has something new for the ledger."""
    if history.has_news(history.LEDGER):
        yield ""


def own_due() -> Iterator[str]:
    """Once, while the history has something new of our own transactions."""
    if history.has_news(OWN_HISTORY):
        yield ""


def retry_due() -> Iterator[str]:
    """Once, while something that could not be booked is to be tried again."""
    if Unbooked.objects.filter(retry_at__lte=timezone.now()).exists():
        yield ""
