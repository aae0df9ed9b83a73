"""What became of a run: counted by the independent checker, held against the rows."""

from collections import Counter
from typing import Any

from tests.faults.chaos import AT_REST, Run
from tests.faults.invariants import broken_lane, broken_rows, contradictions, unknown_on_chain
from tests.faults.markers import ONCE, ONCE_OR_NOT, Markers, Verdict, judge
from wallets.models import Attempt, NonceLane, Transition
from wallets.transactions.states import TransactionState as S


def verdict(run: Run) -> dict[str, Any]:
    """Executed twice, never executed, and every broken promise in words."""
    markers = Markers()
    intents = run.rows.filter(to=run.receiver).select_related("lane__wallet")
    for row in intents:
        # Where somebody else uses the key, the lane waits for a person with all it holds.
        may_stay = row.pk in run.asked_to_cancel or row.lane.wallet.label in run.foreign
        # A remote signer failed, or a stop came first: nothing of it left.
        may_stay |= row.state == S.VOIDED and not row.attempts.exists()
        markers.add(row, ONCE_OR_NOT if may_stay else ONCE)
    told = judge(run.ground.chain.url, markers, [wallet.address for wallet in run.wallets])
    found = broken_rows(run.rows.prefetch_related("attempts"))
    found += contradictions(intents, told.counts)
    for lane in run.lanes.select_related("wallet", "network"):
        found += _broken(run, lane, told)
    return {"duplicates": told.duplicates, "lost": told.lost, "violations": found}


def _broken(run: Run, lane: NonceLane, told: Verdict) -> list[str]:
    hashes = told.senders.get(lane.wallet.address.lower(), [])
    if lane.wallet.label not in run.foreign:
        return broken_lane(lane, hashes)
    ours = [one for one in hashes if one != run.foreign[lane.wallet.label]]
    found = unknown_on_chain(lane, ours)
    # A lane at rest is not looked at; it finds out before it signs again.
    if not lane.paused and lane.transactions.exclude(state__in=AT_REST).exists():
        found.append(f"{lane} is not paused although its key was used elsewhere")
    return found


def attempts_of(run: Run) -> dict[str, int]:
    """How many attempts of each kind were signed."""
    kinds = Attempt.objects.filter(lane__in=run.lanes).values_list("kind", flat=True)
    return dict(sorted(Counter(kinds).items()))


def undone(run: Run) -> int:
    """How often a reorganisation took a transaction back out of its block."""
    back = Transition.objects.filter(
        subject="transaction", subject_id__in=run.rows.values("pk"), to_state="broadcast"
    )
    return back.filter(from_state__in=("included", "confirmed")).count()
