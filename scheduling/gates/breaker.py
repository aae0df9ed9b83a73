"""Nothing of a protocol begins or is signed while its circuit breaker is open."""

from collections.abc import Sequence

from scheduling.breakers import probe_of
from scheduling.gates.registry import Subject
from scheduling.models import Breaker
from scheduling.states import BreakerState


class BreakerGate:
    """Holds what an open breaker, or a half-open one that tries another run, keeps back.

    What persons approved payment by payment, and what only brings in what a bridge holds, passes:
    keeping it back would not spare a failure, only keep value away.
    """

    name = "breaker"

    def check(self, subjects: Sequence[Subject]) -> list[str]:
        """A sentence for each that may not go on."""
        asked = {one.task.protocol_id for one in subjects if one.task is not None}
        rows = Breaker.objects.filter(protocol__in=asked).exclude(state=BreakerState.CLOSED)
        breakers = {row.protocol_id: row for row in rows.select_related("protocol", "probe")}
        return [_sentence(one, breakers) for one in subjects]


def _sentence(subject: Subject, breakers: dict[int, Breaker]) -> str:
    if subject.task is None or subject.is_approved or subject.finishes:
        return ""
    row = breakers.get(subject.task.protocol_id)
    if row is None:
        return ""
    if row.state == BreakerState.OPEN:
        return (
            f"the circuit breaker of {row.protocol} is open: {row.reason}; nothing of it begins "
            f"until a person lets it try again (manage.py breaker try {row.protocol.slug})"
        )
    probe = probe_of(row)
    if probe == subject.run_id or (probe is None and not subject.signs):
        return ""
    tried = f"with run {probe}" if probe else "with the next run that begins"
    return f"{row.protocol} is being tried again {tried}; all others wait for its end"
