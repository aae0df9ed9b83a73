"""What the workers run on this floor: read the history of state changes into the books."""

import time
from collections.abc import Iterable, Iterator
from datetime import timedelta

import structlog
from django.db import transaction as database
from django.utils import timezone

from analytics import history
from analytics.ledger import BookingError, book_transaction
from analytics.models import Unbooked
from analytics.services import record_claim
from scheduling.models import Step
from scheduling.states import StepState
from wallets import wakeups
from wallets.models import Transaction, Transition
from wallets.transactions.states import TransactionState as S

log = structlog.get_logger(__name__)

RETRY_AFTER = timedelta(minutes=1)
RETRIES_PER_JOB = 100
# Well below the time a worker is given for a job; the pulse asks again for what is left.
JOB_SECONDS = 20.0


def register_wakeups() -> None:
    """Register this floor's wake-ups with the pulse."""
    wakeups.register(wakeups.Periodic("ledger", "analytics.tasks.book_ledger", _history_due))
    wakeups.register(wakeups.Periodic("unbooked", "analytics.tasks.book_unbooked", _retry_due))


def book_ledger() -> None:
    """Book every transaction about which the history has something new."""
    until = time.monotonic() + JOB_SECONDS
    while time.monotonic() < until:
        reading = history.read(history.LEDGER)
        for pk in _touched(reading.lines):
            _book(pk)
        # Only now: whoever dies before this line leaves the batch to be read again.
        if not history.keep(reading) or not reading.full:
            return


def book_unbooked() -> None:
    """Try again what could not be booked."""
    due = Unbooked.objects.filter(retry_at__lte=timezone.now()).order_by("retry_at")
    for pk in list(due.values_list("transaction_id", flat=True)[:RETRIES_PER_JOB]):
        if _book(pk):
            Unbooked.objects.filter(transaction=pk).delete()


def _book(transaction_id: int) -> bool:
    """Bring one in line with the facts; False when that must be tried again later."""
    try:
        with database.atomic():
            book_transaction(transaction_id=transaction_id)
            record_claim(transaction_id=transaction_id)
    except BookingError as error:
        log.error("transaction_unbooked", transaction=transaction_id, reason=str(error))
        Unbooked.objects.update_or_create(
            transaction_id=transaction_id,
            defaults={"reason": str(error)[:500], "retry_at": timezone.now() + RETRY_AFTER},
        )
        return False
    return True


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


def _history_due() -> Iterator[str]:
    if history.has_news(history.LEDGER):
        yield ""


def _retry_due() -> Iterator[str]:
    if Unbooked.objects.filter(retry_at__lte=timezone.now()).exists():
        yield ""
