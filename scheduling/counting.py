"""Count how runs end, for /metrics."""

from collections import Counter
from collections.abc import Sequence

from scheduling.models import Run
from scheduling.states import FINISHED_RUN
from wallets import tallies

RUNS = "runs"
# Ends that were taken back: tried again, or undone by a reorganisation.
REOPENED = "runs_reopened"


def count_run(rows: Sequence[Run], old: str, new: str) -> None:
    """Count each end of a run, and each that was none; in the database transaction of the move."""
    counts: Counter[tallies.Key] = Counter()
    for name, state in ((RUNS, new), (REOPENED, old)):
        if state in FINISHED_RUN:
            for row in rows:
                labels = {"protocol": row.task.protocol.slug, "outcome": state}
                counts[tallies.key(name, labels)] += 1
    tallies.add_all(counts)
