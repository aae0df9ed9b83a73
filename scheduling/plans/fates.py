"""What became of a line: only what cannot be undone counts as happened, or as not happened."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from scheduling.models import PlanLine, Run, Step
from scheduling.states import RESTORED, RunState
from wallets.models import Transaction
from wallets.transactions.states import ENDED, PRE_NONCE, Outcome
from wallets.transactions.states import TransactionState as T

_OVER = (RunState.FAILED, RunState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Fate:
    """Whether it happened; None while nobody can say, and how it stands in words."""

    happened: bool | None
    sentence: str = ""


def fates_of(lines: Sequence[PlanLine]) -> dict[int, Fate]:
    """What became of started lines, by line, from their runs and every transaction of those."""
    rows: dict[int, list[Transaction]] = defaultdict(list)
    steps = Step.objects.filter(run__in=[line.run_id for line in lines], transaction__isnull=False)
    for step in steps.select_related("transaction").order_by("transaction"):
        if step.transaction is not None:
            rows[step.run_id].append(step.transaction)
    return {line.pk: _fate(line, rows[line.run_id or 0]) for line in lines}


def _fate(line: PlanLine, rows: list[Transaction]) -> Fate:
    run = line.run
    if run is None:
        return Fate(None, "it has no run")
    if any(row.state == T.FINAL and row.outcome == Outcome.SUCCEEDED for row in rows):
        return Fate(happened=True)
    if run.state in _OVER and all(_came_to_nothing(row) for row in rows):
        return Fate(happened=False, sentence=run.detail or f"run {run.pk} ended {run.state}")
    return Fate(None, _progress(run, rows))


def reason_not_to_retry(line: PlanLine) -> str:
    """Why it may still happen, or has happened; empty where it definitely has not and will not."""
    if line.run is None:
        return ""
    if line.run.detail.startswith(f"{RESTORED}:"):
        return (
            f"line {line.index}: it may have been paid after the backup was made; see on chain, "
            "and make a new plan of what is missing"
        )
    if fates_of([line])[line.pk].happened is not False:
        return f"line {line.index}: it is not known that it did not happen"
    for row in transactions_of(line.run):
        if row.state == T.VOIDED and not _nonce_is_used(row):
            return (
                f"line {line.index}: transaction {row.pk} was given up and nothing final has its "
                f"nonce {row.nonce} yet; it might still be mined"
            )
    return ""


def transactions_of(run: Run) -> list[Transaction]:
    """Every transaction the run ever asked for."""
    return list(Transaction.objects.filter(step__run=run).order_by("pk"))


def _came_to_nothing(row: Transaction) -> bool:
    return row.state in ENDED and row.outcome != Outcome.SUCCEEDED


def _nonce_is_used(row: Transaction) -> bool:
    same = Transaction.objects.filter(lane=row.lane_id, nonce=row.nonce, state=T.FINAL)
    return same.exists()


def _progress(run: Run, rows: list[Transaction]) -> str:
    if not rows:
        return run.detail or f"run {run.pk} is {run.state}"
    row = rows[-1]
    said = f"transaction {row.pk} is {row.state}"
    if row.state in PRE_NONCE or row.state == T.NEEDS_OPERATOR:
        said += f": {row.detail}" if row.detail else ""
    return said
