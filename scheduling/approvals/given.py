"""Which steps of runs persons have approved, and what the runs have asked for without that."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from scheduling.models import Approval, Run
from scheduling.states import ApprovalState
from wallets.models import Transaction
from wallets.transactions.states import ENDED_UNSENT, Outcome, TransactionState

# By run, and the place of each step they hold for.
Given = dict[tuple[int, int], Approval]
Spenders = Mapping[int, list[Transaction]]


def given_to(runs: Iterable[Run]) -> Given:
    """The used approvals of the runs."""
    by_pk = {run.pk: run for run in runs}
    rows = Approval.objects.filter(run__in=by_pk, state=ApprovalState.USED).order_by("pk")
    found: Given = {}
    for approval in rows:
        approval.run = by_pk[approval.run_id]
        for place in range(len(approval.plan.get("steps", ()))):
            found[(approval.run_id, approval.first_step + place)] = approval
    return found


def unapproved_of(runs: Iterable[int], given: Given) -> Spenders:
    """What runs have had recorded that nobody approved and that did, or may do, something."""
    rows = Transaction.objects.filter(step__run__in=list(runs)).exclude(state__in=ENDED_UNSENT)
    undone = (Outcome.REVERTED, Outcome.REPLACED)
    rows = rows.exclude(state=TransactionState.FINAL, outcome__in=undone)
    found: dict[int, list[Transaction]] = defaultdict(list)
    for row in rows.select_related("step", "network", "lane__wallet").order_by("pk"):
        if (row.step.run_id, row.step.index) not in given:
            found[row.step.run_id].append(row)
    return found
