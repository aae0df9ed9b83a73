"""What became of a run: counted by the independent checker, held against the rows."""

from collections import Counter
from typing import Any

from tests.faults.chaos import AT_REST, Run
from tests.faults.invariants import broken_lane, broken_rows, contradictions, unknown_on_chain
from tests.faults.markers import ONCE, ONCE_OR_NOT, Markers, Verdict, judge
from wallets.models import Attempt, NonceLane, Transaction, Transition, Wallet
from wallets.transactions.states import TransactionState as S


def verdict(run: Run) -> dict[str, Any]:
    """Executed twice, never executed, and every broken promise in words."""
    markers = Markers()
    intents = run.rows.filter(to=run.receiver).select_related("lane__wallet")
    for row in intents:
        markers.add(row, ONCE_OR_NOT if _may_stay_undone(run, row) else ONCE)
    told = judge(run.ground.chain.url, markers, [wallet.address for wallet in run.wallets])
    found = broken_rows(run.rows.prefetch_related("attempts"))
    found += contradictions(intents, told.counts) + _left_open(run)
    for lane in run.lanes.select_related("wallet", "network"):
        found += _broken(run, lane, told)
    return {"duplicates": told.duplicates, "lost": told.lost, "violations": found}


def _may_stay_undone(run: Run, row: Transaction) -> bool:
    """Whether it was taken back, or waits for a person with all that its lane holds.

    What a remote signer has not signed is given up under a stop, and when it fails for long.
    """
    wallet = row.lane.wallet
    is_remote = wallet.signer_kind != Wallet.SignerKind.KEYSTORE
    return row.pk in run.asked_to_cancel or wallet.label in run.foreign or is_remote


def _left_open(run: Run) -> list[str]:
    """What came to no end, or to one that nobody asked for, though nothing stood in its way."""
    ends = (S.FINAL, S.CANCELLED, S.VOIDED, S.NEEDS_OPERATOR)
    rows = run.rows.exclude(state__in=ends).select_related("lane__wallet")
    return [
        f"{row.pk} is {row.state} in the end: {row.detail}"
        for row in rows
        if row.lane.wallet.label not in run.foreign
    ]


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


def given_up(run: Run) -> int:
    """Intents that a remote signer never signed, and said so: their nonces got fillers."""
    return run.rows.filter(state=S.VOIDED, to=run.receiver).count()
