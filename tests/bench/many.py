"""Many transactions with receipts and entries: copies of one that is there. PostgreSQL only."""

import sys

from django.db import connection
from django.db.models import Model

from analytics.models import LedgerEntry
from scheduling.models import Occurrence, Run, Step
from wallets.models import Attempt, BalanceSnapshot, Receipt, SpendReservation, Transaction

DAYS = 30
# Ids of what is copied begin here.
FIRST = 10_000_000
# Spread over the thirty days, whatever their number.
_AT = f"occurred_at - interval '1 second' * ((n::bigint * 7919) % {DAYS * 86_400})"


def copy(first: int, last: int) -> None:
    """Transactions of these numbers, each with a receipt, a fee and something that came in."""
    sys.stderr.write(f"transactions {first} to {last}\n")
    row = Transaction.objects.order_by("pk")[0]
    ids, span = {"id": f"{FIRST} + n"}, (first, last)
    own = {"uuid": "gen_random_uuid()", "idempotency_key": "'c' || n", "nonce": "n + 100"}
    insert(Transaction, row.pk, span, ids | own)
    of = {"transaction_id": f"{FIRST} + n"}
    digits = "'0x' || lpad(n::text, 64, '0')"
    insert(Attempt, row.attempts.get().pk, span, ids | of | {"hash": digits})
    receipt = {"attempt_id": f"{FIRST} + n", "block_hash": digits}
    insert(Receipt, row.receipts.get().pk, span, ids | of | receipt)
    templates = LedgerEntry.objects.filter(pk__lt=FIRST).order_by("ordinal")
    for place, entry in enumerate(templates):
        one = {"id": f"{FIRST} + 2 * n + {place}", "receipt_id": f"{FIRST} + n", "occurred_at": _AT}
        insert(LedgerEntry, entry.pk, span, of | one)


def copy_around(first: int, last: int) -> None:
    """What stands around those: a run with its step, what it took of a limit, some readings."""
    at = {"id": f"{FIRST} + n"}
    run = Run.objects.order_by("pk")[0]
    span, minutes = (first, last), f"interval '1 minute' * (n % {400 * 1_440})"
    due = {"due_at": "due_at - interval '1 second' * n"}
    insert(Occurrence, run.occurrence_id, span, at | due)
    insert(Run, run.pk, span, at | {"occurrence_id": f"{FIRST} + n"})
    of = {"run_id": f"{FIRST} + n", "transaction_id": f"{FIRST} + n"}
    insert(Step, run.steps.get().pk, span, at | of)
    taken = {"transaction_id": f"{FIRST} + n", "day": "(day - n % 400)"}
    insert(SpendReservation, SpendReservation.objects.order_by("pk")[0].pk, span, at | taken)
    read = {"taken_at": f"taken_at - {minutes}", "block_at": f"block_at - {minutes}"}
    tenth = first // 10 + 1, last // 10
    insert(BalanceSnapshot, BalanceSnapshot.objects.order_by("pk")[0].pk, tenth, at | read)


def insert(model: type[Model], pk: int, span: tuple[int, int], changes: dict[str, str]) -> None:
    """Copies of a row, one for each `n` of the span, in which these columns are expressions."""
    columns = [str(field.column) for field in model._meta.local_fields]
    wanted = ", ".join(changes.get(column, f'"{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {wanted} FROM {table}, "
            f"generate_series({span[0]}, {span[1]}) AS n WHERE id = {pk}"
        )
