"""What a quickstart has done so far: for the screen and for `--once`."""

from django.db.models import Max, Min
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from analytics.models import LedgerEntry
from scheduling.models import Run, Step, Task
from scheduling.states import FINISHED_RUN, UNFINISHED_RUN, RunState
from wallets.amounts import show_amount
from wallets.models import Transaction
from wallets.transactions.states import TransactionState as S


def newest_finished_run() -> int:
    """The run before the first that has yet to end: what a stop interrupted counts as new."""
    unfinished = Run.objects.filter(state__in=UNFINISHED_RUN).aggregate(first=Min("pk"))["first"]
    if unfinished is not None:
        return int(unfinished) - 1
    return int(Run.objects.aggregate(last=Max("pk"))["last"] or 0)


def all_done(since_run: int) -> bool:
    """Whether every task due in this round has ended, is final on chain, and is booked."""
    if Task.objects.filter(enabled=True, next_due_at__lte=timezone.now()).exists():
        return False
    runs = Run.objects.filter(pk__gt=since_run)
    if not runs.exists() or runs.exclude(state__in=FINISHED_RUN).exists():
        return False
    rows = Transaction.objects.filter(step__run__in=runs)
    ended = rows.filter(state__in=(S.FINAL, S.REFUSED, S.EXPIRED, S.CANCELLED, S.VOIDED))
    if ended.count() != rows.count():
        return False
    booked = LedgerEntry.objects.filter(transaction__in=rows, kind="fee", status="final")
    return booked.count() == rows.filter(state=S.FINAL).count()


def all_succeeded(since_run: int) -> bool:
    """Whether every run of the round did."""
    return not Run.objects.filter(pk__gt=since_run).exclude(state=RunState.SUCCEEDED).exists()


def print_table(since_run: int) -> None:
    """What happened: one line a step, with hash and cost."""
    table = Table(title="What happened")
    for column in ("task", "wallet", "step", "state", "transaction", "fee"):
        table.add_column(column, overflow="fold")
    steps = Step.objects.filter(run__pk__gt=since_run).select_related(
        "run__task", "run__wallet", "transaction"
    )
    for step in steps.order_by("run_id", "index"):
        table.add_row(step.run.task.name, step.run.wallet.label, step.label, *_facts(step))
    Console(width=160).print(table)


def _facts(step: Step) -> tuple[str, str, str]:
    row = step.transaction
    receipt = row.receipts.filter(canonical=True).first() if row else None
    if row is None or receipt is None:
        return (step.detail or step.state, "", "")
    return (row.state, receipt.attempt.hash, show_amount(receipt.fee, 18, "ETH"))
