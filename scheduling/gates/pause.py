"""The gate of pauses: what has no nonce yet waits while a pause covers it.

A drain to a listed safe address and what an approved plan asks for pass: a person ordered just
that, and a pause is no emergency stop.
"""

from collections.abc import Sequence

from scheduling.gates.registry import Subject
from scheduling.models import Pause
from scheduling.pauses import Place, reason_among
from wallets.transactions.drains import is_safe_drain


class PauseGate:
    """Keeps back what is paused."""

    name = "pause"

    def check(self, subjects: Sequence[Subject]) -> list[str]:
        """The pause that covers each; what is signed already is never kept back."""
        pauses = list(Pause.objects.all())
        return [_reason(pauses, subject) if pauses else "" for subject in subjects]


def _reason(pauses: Sequence[Pause], subject: Subject) -> str:
    row, task = subject.row, subject.task
    if row.nonce is not None or (task is not None and task.plan_id is not None):
        return ""
    name = task.name if task else ""
    place = Place(row.protocol, row.network.slug, row.lane.wallet, name)
    reason = reason_among(pauses, place)
    return "" if not reason or is_safe_drain(row) else reason
