"""What must hold of rows and chain whatever happened, in words where it does not."""

from collections.abc import Iterable, Mapping

from wallets.models import Attempt, NonceLane, Transaction, Transition
from wallets.transactions.machine import TRANSACTION
from wallets.transactions.states import Outcome
from wallets.transactions.states import TransactionState as S


def broken_rows(rows: Iterable[Transaction]) -> list[str]:
    """Rows whose attempts or history contradict them."""
    found: list[str] = []
    for row in rows:
        nonces = {attempt.nonce for attempt in row.attempts.all()}
        if nonces - {row.nonce}:
            found.append(f"{row.pk} has nonce {row.nonce} and attempts at {sorted(nonces)}")
        found += _broken_history(row)
    return found


def broken_lane(lane: NonceLane, hashes: list[str]) -> list[str]:
    """A lane whose nonces have holes or doubles, or differ from what the chain has of it."""
    first = lane.baseline_nonce or 0
    held = lane.transactions.exclude(nonce=None).exclude(state=S.VOIDED).order_by("nonce")
    nonces = list(held.values_list("nonce", flat=True))
    found = []
    if nonces != list(range(first, first + len(nonces))):
        found.append(f"{lane} has nonces {nonces}")
    if len(nonces) != len(hashes):
        found.append(f"{lane} has {len(nonces)} nonces and {len(hashes)} transactions on chain")
    return found + unknown_on_chain(lane, hashes)


def unknown_on_chain(lane: NonceLane, hashes: list[str]) -> list[str]:
    """Bytes that reached the chain before they were stored, or before their sending was noted."""
    sent = Attempt.objects.filter(lane=lane, times_sent__gt=0).values_list("hash", flat=True)
    return [f"{lane}: the chain has {one}, our rows do not" for one in set(hashes) - set(sent)]


def contradictions(rows: Iterable[Transaction], counts: Mapping[str, int]) -> list[str]:
    """Rows that say they were executed and were not, or the other way round."""
    found = []
    for row in rows:
        times = counts[row.idempotency_key]
        succeeded = (row.state, row.outcome) == (S.FINAL, Outcome.SUCCEEDED)
        if succeeded != bool(times):
            where = f"{row.state} {row.outcome}: {row.detail}"
            found.append(f"{row.pk} was executed {times} times and is {where}")
    return found


def _broken_history(row: Transaction) -> list[str]:
    """A history that is no way through the table of arrows to where the row is."""
    history = Transition.objects.filter(subject=TRANSACTION.subject, subject_id=row.pk)
    steps = list(history.order_by("id").values_list("from_state", "to_state"))
    at = ""
    for old, new in steps:
        # From a state to itself is a note of what was asked of the row.
        if old != at or not (old == new or TRANSACTION.allows(old, new)):
            return [f"{row.pk} went from {old} to {new} when it was {at}"]
        at = new
    return [] if at == row.state else [f"{row.pk} is {row.state}, its history ends at {at}"]
