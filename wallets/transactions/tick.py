"""One lane's turn: resend what is signed, then sign the next. Normal work and recovery alike."""

from datetime import datetime, timedelta

import structlog
from django.db.models import Q
from django.utils import timezone

from wallets.actors import this_worker
from wallets.chain.client import NetworkClient, hex_int
from wallets.chain.errors import ChainError
from wallets.chain.fees import FeeCeilingExceeded
from wallets.leases import lane_lease
from wallets.models import NonceLane, Transaction, Wallet
from wallets.signers.interface import SignerError
from wallets.signers.loading import load_signer
from wallets.transactions.broadcast import send_attempt
from wallets.transactions.machine import hold_transaction, move_transaction
from wallets.transactions.quote import Quote, SimulationRefused, take_quote
from wallets.transactions.signing import next_nonce, sign_and_store
from wallets.transactions.states import PENDING, UNSENT, HoldReason
from wallets.transactions.states import TransactionState as S
from wallets.transactions.stop import stop_reason

log = structlog.get_logger(__name__)

LOOK_AGAIN = timedelta(seconds=5)
# A node may accept and then drop: what is not mined after a while is offered again.
RESEND_AFTER = timedelta(seconds=30)
# A tick ends after so many, so that no lane keeps a worker to itself.
BATCH = 16


def tick(lane_id: int) -> None:
    """Give a lane its turn; returns at once while another process has it."""
    with lane_lease(lane_id) as lane:
        if lane is None:
            return
        # If this process dies, the lane wakes again when its lease has run out.
        guard = lane.lease_expires_at
        NonceLane.objects.filter(pk=lane_id).update(wake_at=guard)
        try:
            _work(lane, NetworkClient(lane.network))
        except ChainError as error:
            log.warning("lane_waits_for_rpc", lane=lane_id, reason=str(error))
        _sleep_until(lane, guard, _next_wake(lane))


def _work(lane: NonceLane, client: NetworkClient) -> None:
    if lane.baseline_nonce is None:
        _set_baseline(lane, client)
    _resend(lane, client)
    for row in _waiting(lane):
        if lane.paused or _in_flight(lane) >= lane.max_in_flight or _has_unsent(lane):
            return
        _sign_next(lane, row, client)


def _set_baseline(lane: NonceLane, client: NetworkClient) -> None:
    mined, pending = (
        hex_int(client.read("eth_getTransactionCount", [lane.wallet.address, tag]))
        for tag in ("latest", "pending")
    )
    lane.baseline_nonce = mined
    NonceLane.objects.filter(pk=lane.pk).update(baseline_nonce=mined)
    if pending > mined:
        _pause(lane, "the address has pending transactions that were not made here")


def _pause(lane: NonceLane, reason: str) -> None:
    lane.paused = True
    NonceLane.objects.filter(pk=lane.pk).update(paused=True, pause_reason=reason[:300])
    log.error("lane_paused", lane=lane.pk, reason=reason)


def _resend(lane: NonceLane, client: NetworkClient) -> None:
    """Send what was signed and never sent, and what was sent long ago and is not mined."""
    stale = timezone.now() - RESEND_AFTER
    waiting = lane.transactions.filter(state__in=(S.SIGNED, S.BROADCAST)).order_by("nonce")
    for row in waiting.select_related("network", "lane__wallet"):
        attempt = row.attempts.order_by("-id")[0]
        attempt.transaction = row
        never_sent = attempt.times_sent == 0
        if never_sent and stop_reason(row):
            return
        if never_sent or row.state == S.SIGNED or _older(attempt.last_sent_at, stale):
            send_attempt(attempt, client)


def _older(moment: datetime | None, than: datetime) -> bool:
    return moment is None or moment < than


def _in_flight(lane: NonceLane) -> int:
    return lane.transactions.filter(state__in=PENDING).count()


def _has_unsent(lane: NonceLane) -> bool:
    return lane.transactions.filter(state__in=UNSENT).exists()


def _waiting(lane: NonceLane) -> list[Transaction]:
    """What has no nonce yet and may start, in our order; what ran out of time is expired."""
    now = timezone.now()
    due = Q(not_before__isnull=True) | Q(not_before__lte=now)
    rows = lane.transactions.filter(due, state__in=(S.QUEUED, S.HELD))
    found = rows.select_related("network", "lane__wallet").order_by("-priority", "id")[:BATCH]
    expired = [row for row in found if row.valid_until and row.valid_until <= now]
    for row in expired:
        move_transaction(
            row, S.EXPIRED, actor=this_worker(), reason="its time ran out before it was signed"
        )
    return [row for row in found if row not in expired]


def _sign_next(lane: NonceLane, row: Transaction, client: NetworkClient) -> None:
    """Quote, simulate, sign and send one, or say on it why not."""
    actor = this_worker()
    if lane.wallet.status != Wallet.Status.VERIFIED:
        sentence = f"{lane.wallet.label} is {lane.wallet.status}; only verified wallets sign"
        hold_transaction(row, HoldReason.UNKNOWN, sentence, actor=actor)
        return
    try:
        signer = load_signer(lane.wallet)
        quote = take_quote(lane, row, client)
    except SignerError as error:
        hold_transaction(row, HoldReason.UNKNOWN, str(error), actor=actor)
    except SimulationRefused as error:
        move_transaction(row, S.REFUSED, actor=actor, reason=f"simulation: {error}")
    except FeeCeilingExceeded as error:
        hold_transaction(row, HoldReason.FEE_CEILING, str(error), actor=actor)
    except ChainError as error:
        hold_transaction(row, HoldReason.RPC, str(error), actor=actor)
        raise
    else:
        attempt = None if _foreign(lane, quote) else sign_and_store(lane, row, quote, signer)
        if attempt is not None:
            send_attempt(attempt, client)


def _foreign(lane: NonceLane, quote: Quote) -> bool:
    """Whether the chain has counted a transaction of this key that is not in our rows."""
    if quote.chain_nonce <= next_nonce(lane):
        return False
    _pause(
        lane,
        f"the chain counts {quote.chain_nonce} transactions, our rows end at "
        f"{next_nonce(lane) - 1}: the key is used elsewhere",
    )
    return True


def _next_wake(lane: NonceLane) -> datetime | None:
    """When there may be something to do again; null when the lane is at rest."""
    states = set(
        lane.transactions.filter(state__in=(S.QUEUED, S.HELD, S.RESERVED, S.SIGNED, S.BROADCAST))
        .order_by()
        .values_list("state", flat=True)
        .distinct()
    )
    now = timezone.now()
    if states & {S.SIGNED, S.RESERVED} or (states & {S.QUEUED, S.HELD} and not lane.paused):
        return now + LOOK_AGAIN
    return now + RESEND_AFTER if S.BROADCAST in states else None


def _sleep_until(lane: NonceLane, guard: datetime | None, wake_at: datetime | None) -> None:
    # Only if nobody asked meanwhile: a service that queued something has set an earlier time.
    NonceLane.objects.filter(pk=lane.pk, wake_at=guard).update(wake_at=wake_at)
