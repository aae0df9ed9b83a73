"""Comparing a lane with what the chain says of its account."""

from dataclasses import dataclass

from wallets.chain.client import NetworkClient
from wallets.models import NonceLane, Transition
from wallets.transactions.lanes import (
    LANE_HISTORY,
    find_foreign,
    find_gaps,
    lane_state,
    note_lane,
)
from wallets.transactions.look import take_look
from wallets.transactions.signing import next_nonce
from wallets.transactions.states import PENDING
from wallets.transactions.states import TransactionState as S


@dataclass(frozen=True, slots=True)
class LaneReport:
    """A lane beside its chain. `problems` are sentences; none means they agree."""

    lane: str
    mined: int
    pending: int
    following: int
    open_nonces: tuple[int, ...]
    gaps: tuple[int, ...]
    problems: tuple[str, ...]


def reconcile_lane(*, lane: NonceLane, client: NetworkClient) -> LaneReport:
    """What the chain counts, what our rows hold, and where they differ."""
    look = take_look(lane, [], client)
    following = next_nonce(lane)
    open_rows = lane.transactions.filter(state__in=PENDING).order_by("nonce")
    gaps = tuple(find_gaps(lane, mined=look.mined, following=following))
    foreign = find_foreign(
        mined=look.mined, pending=look.pending, following=following, last_sent=following - 1
    )
    return LaneReport(
        lane=str(lane),
        mined=look.mined,
        pending=look.pending,
        following=following,
        open_nonces=tuple(row.nonce or 0 for row in open_rows),
        gaps=gaps,
        problems=(*_problems(lane, gaps), *([foreign] if foreign else ())),
    )


def note_report(*, lane: NonceLane, report: LaneReport, actor: str) -> None:
    """Write into the lane's history what a person has found.

    Once: whoever asks every minute would bury the rest of it.
    """
    found = "; ".join(report.problems) or "they agree"
    figures = f"mined {report.mined}, ours {report.following}"
    sentence = f"compared with the chain ({figures}): {found}"[:500]
    lines = Transition.objects.filter(subject=LANE_HISTORY, subject_id=lane.pk)
    newest = lines.order_by("-id").values_list("actor", "reason").first()
    if newest != (actor, sentence):
        note_lane(lane, lane_state(lane), actor=actor, reason=sentence)


def _problems(lane: NonceLane, gaps: tuple[int, ...]) -> list[str]:
    found = [f"the lane is paused: {lane.pause_reason}"] if lane.paused else []
    if lane.detail:
        found.append(lane.detail)
    elif gaps:
        found.append(f"nothing holds nonces {', '.join(map(str, gaps))}; they get fillers")
    waiting = lane.transactions.filter(state=S.NEEDS_OPERATOR).order_by("nonce")
    return found + [f"transaction {row.pk} needs an operator: {row.detail}" for row in waiting]
