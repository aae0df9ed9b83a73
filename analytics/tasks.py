"""What the workers run on this floor: read the history of state changes into the books."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog
from django.db.models import Max
from django.utils import timezone

from analytics.claims import record_claim
from analytics.ledger import BookingError, book_transaction
from analytics.models import LedgerCursor
from scheduling.models import Step
from wallets import wakeups
from wallets.models import Transaction, Transition

log = structlog.get_logger(__name__)

# Ids are given before they are committed, so a lower one may appear after a higher one: what is
# younger than the longest possible database transaction is read again until it has settled.
SETTLED_AFTER = timedelta(minutes=2)
BATCH = 500
CURSOR, SEEN = "ledger", "ledger_seen"
Change = tuple[int, str, int, datetime]
SUBJECTS = ("transaction", "step")


def register_wakeups() -> None:
    """Register this floor's wake-ups with the pulse."""
    wakeups.register(wakeups.Periodic("ledger", "analytics.tasks.book_ledger", _ledger_due))


def book_ledger() -> None:
    """Book every transaction whose facts may have changed since the cursor."""
    position = _position(CURSOR)
    settled = timezone.now() - SETTLED_AFTER
    moving = True  # whether the cursor may still advance: not past a gap or a failure
    while changes := _changes(after=position):
        failed = [pk for pk in _transactions(changes) if not _book(pk)]
        moving = moving and not failed
        position = changes[-1][0]
        safe = [pk for pk, _, _, at in changes if at < settled]
        moving = moving and bool(safe)
        if moving:
            _remember(CURSOR, safe[-1])
        moving = moving and len(safe) == len(changes)
    _remember(SEEN, position)


def _changes(*, after: int) -> list[Change]:
    rows = Transition.objects.filter(pk__gt=after, subject__in=SUBJECTS).order_by("pk")
    return list(rows.values_list("pk", "subject", "subject_id", "at")[:BATCH])


def _transactions(changes: list[Change]) -> list[int]:
    direct = {subject_id for _, subject, subject_id, _ in changes if subject == "transaction"}
    steps = [subject_id for _, subject, subject_id, _ in changes if subject == "step"]
    through = Step.objects.filter(pk__in=steps, transaction__isnull=False)
    found = through.values_list("transaction_id", flat=True)
    return sorted(direct | {pk for pk in found if pk is not None})


def _book(transaction_id: int) -> bool:
    """Book one; False when it must be tried again."""
    try:
        changed = book_transaction(transaction_id=transaction_id)
    except BookingError as error:
        log.error("booking_waits", transaction=transaction_id, reason=str(error))
        return False
    if changed:
        record_claim(row=Transaction.objects.get(pk=transaction_id))
    return True


def _ledger_due() -> Iterator[str]:
    newest = Transition.objects.aggregate(newest=Max("pk"))["newest"] or 0
    if newest > _position(SEEN):
        yield ""


def _position(name: str) -> int:
    row = LedgerCursor.objects.filter(pk=name).first()
    return row.position if row else 0


def _remember(name: str, position: int) -> None:
    LedgerCursor.objects.update_or_create(name=name, defaults={"position": position})
