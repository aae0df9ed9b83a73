"""Pausing a lane, and finding that its key is used elsewhere."""

import structlog
from django.db import transaction as database
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from wallets.actors import this_worker
from wallets.models import NonceLane
from wallets.transactions.states import TransactionState
from wallets.transitions import recorded

log = structlog.get_logger(__name__)

# What the history calls a lane.
LANE_HISTORY = "lane"


def pause_lane(lane: NonceLane, reason: str, *, actor: str) -> None:
    """Sign nothing more in this lane until a person resumes it; what is signed is watched on."""
    _pause(lane, reason, NonceLane.objects.filter(pk=lane.pk), actor)


def pause_own_lane(lane: NonceLane, reason: str) -> None:
    """As `pause_lane`, by a turn of it: not by one that has lost its lease meanwhile."""
    own = NonceLane.objects.filter(pk=lane.pk, lease_epoch=lane.lease_epoch)
    _pause(lane, reason, own, this_worker())


def _pause(lane: NonceLane, reason: str, which: QuerySet[NonceLane], actor: str) -> None:
    before = lane_state(lane)
    lane.paused, lane.pause_reason = True, reason[:300]
    with database.atomic():
        if which.update(paused=True, pause_reason=lane.pause_reason):
            note_lane(lane, before, actor=actor, reason=reason)
    log.error("lane_paused", lane=lane.pk, reason=reason)


def resume_lane(lane: NonceLane, reason: str, *, actor: str) -> None:
    """Let the lane sign again, and look at once."""
    before = lane_state(lane)
    lane.paused, lane.pause_reason = False, ""
    with database.atomic():
        NonceLane.objects.filter(pk=lane.pk).update(
            paused=False, pause_reason="", wake_at=timezone.now()
        )
        note_lane(lane, before, actor=actor, reason=reason)
    log.warning("lane_resumed", lane=lane.pk)


def lane_state(lane: NonceLane) -> str:
    """Its state, as its history calls it."""
    return "paused" if lane.paused else "open"


def note_lane(lane: NonceLane, before: str, *, actor: str, reason: str) -> None:
    """Write what was done to the lane into its history; inside the caller's transaction."""
    recorded(LANE_HISTORY, lane.pk, before, lane_state(lane), actor=actor, reason=reason)


def say(lane: NonceLane, sentence: str) -> None:
    """Note on the lane what keeps it from going on; empty when nothing does."""
    if lane.detail != sentence[:300]:
        lane.detail = sentence[:300]
        own = NonceLane.objects.filter(pk=lane.pk, lease_epoch=lane.lease_epoch)
        own.update(detail=lane.detail)


def find_gaps(lane: NonceLane, *, mined: int, following: int) -> list[int]:
    """Nonces the chain waits for, of those ever given in the lane, that no transaction holds.

    Never those from before the lane was made: a node that lags may not know them yet.
    """
    first = max(mined, lane.baseline_nonce or 0)
    holding = lane.transactions.filter(nonce__gte=first).exclude(state=TransactionState.VOIDED)
    held = set(holding.values_list("nonce", flat=True))
    return [nonce for nonce in range(first, following) if nonce not in held]


def may_have_gaps(lane: NonceLane) -> bool:
    """Whether a nonce was given and given up; the chain says whether it still waits for it."""
    live = lane.transactions.exclude(state=TransactionState.VOIDED)
    held = live.filter(nonce=OuterRef("nonce"))
    voided = lane.transactions.filter(state=TransactionState.VOIDED)
    return voided.filter(~Exists(held)).exists()


def find_foreign(*, mined: int, pending: int, following: int, last_sent: int) -> str:
    """Why the key seems to be used elsewhere, or empty.

    `following` is the next nonce of our rows; `last_sent` the highest nonce a node ever took.
    """
    if mined > following:
        return (
            f"the chain counts {mined} transactions, our rows end at {following - 1}: "
            "the key is used elsewhere"
        )
    if pending > following and last_sent == following - 1:
        return (
            f"a node holds {pending - mined} pending transactions, ours end at nonce "
            f"{following - 1}: the key is used elsewhere"
        )
    return ""
