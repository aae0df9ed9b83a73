"""Runs that failed, tried again: only where what failed has surely moved nothing and never will."""

from django.db import transaction
from django.utils import timezone

from scheduling.models import Run
from scheduling.states import RUN, RunState
from wallets.transactions.operator import NotPossible
from wallets.transitions import move
from wallets.wakeups import wake


def retry_run(*, run: Run, actor: str, reason: str) -> Run:
    """Have a failed run that has done nothing begin anew; NotPossible with the reason why not."""
    with transaction.atomic():
        row = Run.objects.select_for_update().get(pk=run.pk)
        if row.state != RunState.FAILED:
            raise NotPossible(f"run {row.pk} is {row.state}; only failed runs are tried again")
        if row.steps.filter(transaction__isnull=False).exists():
            raise NotPossible(f"run {row.pk} has asked for transactions")
        fields = {"detail": "", "tries": row.tries + 1, "wake_at": timezone.now()}
        move(row, RunState.PENDING, machine=RUN, actor=actor, reason=reason, **fields)
        wake("advance")
    return row
