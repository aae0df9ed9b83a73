"""One lane's turn: what is signed first, then the next. Normal work and recovery alike."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

import structlog
from django.db.models import Case, Q, When
from django.utils import timezone

from wallets import key_checks
from wallets.actors import this_worker
from wallets.chain.client import NetworkClient, hex_int
from wallets.chain.errors import ChainError
from wallets.chain.fees import FeeCeilingExceeded
from wallets.leases import LeaseLost, lane_lease
from wallets.models import Attempt, Installation, NonceLane, Transaction, Wallet
from wallets.signers.interface import Signer, SignerError
from wallets.signers.loading import load_signer
from wallets.transactions.beginning import used_since_asked
from wallets.transactions.broadcast import send_attempt, send_attempts
from wallets.transactions.finality import final_count
from wallets.transactions.lanes import find_foreign, may_have_gaps, pause_own_lane, say
from wallets.transactions.look import Quote, SimulationRefused, read_quotes, take_look
from wallets.transactions.machine import LOOK_AGAIN, hold_transaction, move_transaction
from wallets.transactions.market import usable
from wallets.transactions.points import Point, reached
from wallets.transactions.recovery import next_look, recover, unexplained, unfinished
from wallets.transactions.reserving import reserve_nonce, reserved_row, sign_reserved
from wallets.transactions.signing import MayNotSign, Quoted, next_nonce, sign_and_store
from wallets.transactions.states import MOST_UNSENT, PENDING, UNSENT, AttemptState, HoldReason
from wallets.transactions.states import TransactionState as S
from wallets.transactions.turn import Turn
from wallets.transitions import LostRace

log = structlog.get_logger(__name__)

_NOT_FINAL = (
    "{wallet} was used elsewhere and its last transaction there is not final yet; it waits until "
    "that cannot be undone"
)
# A tick ends after so many, so that no lane keeps a worker to itself.
BATCH = MOST_UNSENT
MOST_EXPIRED = 100
# Of a lease, what is left for the database transaction and the first sending.
SIGNING_TAKES = timedelta(seconds=4)
# After so long with slow signers or nodes the rest waits for the next turn.
ENOUGH_SECONDS = 15.0


def tick(lane_id: int) -> None:
    """Give a lane its turn; returns at once while another process has it."""
    with lane_lease(lane_id) as lane:
        if lane is None:
            return
        reached(Point.LEASED)
        # If this process dies, the lane wakes again when its lease has run out.
        guard = lane.lease_expires_at
        NonceLane.objects.filter(pk=lane_id).update(wake_at=guard)
        try:
            _work(lane, NetworkClient(lane.network))
        except ChainError as error:
            log.warning("lane_waits_for_rpc", lane=lane_id, reason=str(error))
        except LeaseLost as error:
            log.warning("lease_lost", lane=lane_id, reason=str(error))
            return
        _sleep_until(lane, guard, _next_wake(lane))
        reached(Point.RELEASING)


def _work(lane: NonceLane, client: NetworkClient) -> None:
    open_rows, reserved = unfinished(lane), reserved_row(lane)
    _expire_waiting(lane)
    is_full = lane.paused or len(open_rows) >= lane.max_in_flight
    waiting = [] if is_full else _waiting(lane)
    if not (open_rows or waiting or reserved or may_have_gaps(lane)):
        return say(lane, "")
    if lane.baseline_nonce is None and not _claim_lane(lane, client):
        return _hold_all(waiting, _NOT_FINAL.format(wallet=lane.wallet.label))
    try:
        look = take_look(lane, [*waiting, *([reserved] if reserved else ())], client)
    except ChainError as error:
        _hold_all(waiting, str(error), HoldReason.RPC)
        raise
    turn = Turn(lane, look, client)
    recover(turn, open_rows, reserved)
    last = _last_sent(lane)
    if not lane.paused and (reason := _foreign(turn, last)):
        pause_own_lane(lane, reason)
    if waiting:
        room = lane.max_in_flight - len(open_rows)
        # Until a node has taken the last one, the next goes alone: whatever is wrong with the
        # network, or with our idea of it, costs one nonce.
        _sign_or_hold(turn, open_rows, waiting, room if last and last.was_taken else 1)
    return None


def _sign_or_hold(
    turn: Turn, open_rows: list[Transaction], waiting: list[Transaction], room: int
) -> None:
    # A nonce that nothing holds keeps all above it from being mined.
    if reason := turn.lane.detail or unexplained(turn, open_rows):
        _hold_all(waiting, reason)
    else:
        _sign_waiting(turn, waiting, room)


@dataclass(frozen=True, slots=True)
class _LastSent:
    """The attempt at the lane's highest nonce that ever left."""

    nonce: int
    was_taken: bool


def _last_sent(lane: NonceLane) -> _LastSent | None:
    left = Attempt.objects.filter(lane=lane, times_sent__gt=0).order_by("-nonce", "-id")
    for nonce, state in left.values_list("nonce", "state")[:1]:
        return _LastSent(nonce, state == AttemptState.ACCEPTED)
    return None


def _claim_lane(lane: NonceLane, client: NetworkClient) -> bool:
    """On the lane's first turn: where its nonces begin, and whose it is.

    False while transactions made before it may still be undone: their nonces would be open again
    below its beginning, and nobody would fill them.
    """
    address = lane.wallet.address
    counts = [("eth_getTransactionCount", [address, tag]) for tag in ("latest", "pending")]
    answers = client.read_many([*counts, ("eth_blockNumber", [])])
    mined, pending, head = (hex_int(usable(answer)) for answer in answers)
    if final_count(lane, head=head, client=client) < mined:
        return False
    used = used_since_asked(lane, mined=mined, head=head, client=client)
    lane.baseline_nonce = mined
    lane.installation_id = Installation.objects.get().pk
    NonceLane.objects.filter(pk=lane.pk, lease_epoch=lane.lease_epoch, baseline_nonce=None).update(
        baseline_nonce=lane.baseline_nonce, installation_id=lane.installation_id
    )
    if pending > mined:
        pause_own_lane(lane, "the address has pending transactions that were not made here")
    elif used:
        pause_own_lane(lane, used)
    return True


def _foreign(turn: Turn, last: _LastSent | None) -> str:
    """Why the lane's key seems to be used elsewhere, or empty."""
    lane = turn.lane
    if lane.installation_id and lane.installation_id != Installation.objects.get().pk:
        return f"the lane belongs to installation {lane.installation_id}, not to this one"
    following = next_nonce(lane)
    return find_foreign(
        mined=turn.look.mined,
        pending=turn.look.pending,
        following=following,
        last_sent=last.nonce if last else following - 1,
    )


def _waiting(lane: NonceLane) -> list[Transaction]:
    """What has no nonce yet and may start, in our order.

    What was held a moment ago comes after all others, so that it keeps nobody from a turn.
    """
    now = timezone.now()
    rows = lane.transactions.filter(_is_due(now), state__in=(S.QUEUED, S.HELD))
    lately = Case(When(look_at__gt=now, then=1), default=0)
    found = rows.select_related("network", "lane__wallet").order_by(lately, "-priority", "id")
    return list(found[:BATCH])


def _is_due(now: datetime) -> Q:
    return Q(not_before__isnull=True) | Q(not_before__lte=now)


def _expire_waiting(lane: NonceLane) -> None:
    """End what ran out of time before it was signed, also in a lane that signs nothing."""
    waiting = lane.transactions.filter(state__in=(S.QUEUED, S.HELD))
    for row in waiting.filter(valid_until__lte=timezone.now()).order_by("id")[:MOST_EXPIRED]:
        _expire(row)


def _expire(row: Transaction) -> None:
    _end(row, S.EXPIRED, "its time ran out before it was signed")


def _refuse(row: Transaction, reason: str) -> None:
    _end(row, S.REFUSED, reason)


def _end(row: Transaction, to: S, reason: str) -> None:
    try:
        move_transaction(row, to, actor=this_worker(), reason=reason)
    except LostRace:
        log.info("end_lost_race", transaction=row.pk, to=to)


def _sign_waiting(turn: Turn, waiting: list[Transaction], room: int) -> None:
    lane = turn.lane
    if lane.wallet.status != Wallet.Status.VERIFIED:
        sentence = f"{lane.wallet.label} is {lane.wallet.status}; only verified wallets sign"
        return _hold_all(waiting, sentence)
    if lane.paused or _has_unsent(lane):
        return None
    try:
        signer = load_signer(lane.wallet)
        signer.require_ready()
    except SignerError as error:
        key_checks.keep(lane.wallet, str(error))
        return _hold_all(waiting, str(error))
    if lane.wallet.key_problem:
        key_checks.keep(lane.wallet, "")
    if signer.is_remote:
        return _sign_each(turn, waiting, signer, room)
    return _sign_together(turn, waiting, signer, room)


def _sign_together(turn: Turn, waiting: list[Transaction], signer: Signer, room: int) -> None:
    """Sign what may be signed with a key that is here, and send it."""
    rows = takewhile(lambda row: row is waiting[0] or _has_time(turn.lane), waiting)
    found = read_quotes(rows, turn.look, turn.client, most=room)
    quoted = [Quoted(row, quote) for row, told in found if (quote := _usable(row, told))]
    try:
        attempts = sign_and_store(turn.lane, quoted, signer, room=room)
    except MayNotSign:
        return
    send_attempts(attempts, turn.client)


def _sign_each(turn: Turn, waiting: list[Transaction], signer: Signer, room: int) -> None:
    """Have them signed elsewhere: one at a time, each sent before the next is asked for."""
    ends_at = time.monotonic() + ENOUGH_SECONDS
    for row in waiting:
        try:
            _sign_next(turn, row, signer)
        except MayNotSign:
            return
        except LostRace:
            log.info("signing_lost_race", transaction=row.pk)
        room -= row.state == S.BROADCAST
        # One that no node has yet is waited for before another is signed.
        if row.state in UNSENT or not room or time.monotonic() > ends_at:
            return


def _hold_all(rows: list[Transaction], sentence: str, why: HoldReason = HoldReason.UNKNOWN) -> None:
    for row in rows:
        _hold(row, why, sentence)


def _hold(row: Transaction, why: HoldReason, sentence: str) -> None:
    try:
        hold_transaction(row, why, sentence, actor=this_worker())
    except LostRace:
        log.info("hold_lost_race", transaction=row.pk)


def _has_time(lane: NonceLane) -> bool:
    """Whether the lease lasts long enough to sign what is quoted now."""
    ends_at = lane.lease_expires_at
    return ends_at is not None and timezone.now() < ends_at - SIGNING_TAKES


def _usable(row: Transaction, told: Quote | Exception) -> Quote | None:
    """The quote; None, and why on the row, where there is none."""
    match told:
        case SimulationRefused():
            _refuse(row, f"simulation: {told}")
        case FeeCeilingExceeded():
            _hold(row, HoldReason.FEE_CEILING, str(told))
        case Exception():
            _hold(row, HoldReason.RPC, str(told))
        case Quote():
            reached(Point.QUOTED, Attempt.Kind.ORIGINAL)
            return told
    return None


def _sign_next(turn: Turn, row: Transaction, signer: Signer) -> None:
    ((_, told),) = read_quotes([row], turn.look, turn.client, most=1)
    quote = _usable(row, told)
    if quote and reserve_nonce(turn.lane, row, quote):
        attempt = sign_reserved(turn, row, signer)
        if attempt is not None:
            send_attempt(attempt, turn.client)


def _has_unsent(lane: NonceLane) -> bool:
    return lane.transactions.filter(state__in=UNSENT).exists()


def _next_wake(lane: NonceLane) -> datetime | None:
    """When there may be something to do again; null when the lane is at rest."""
    now = timezone.now()
    rows = list(lane.transactions.filter(state__in=PENDING).only("lane", "state", "wish"))
    looks = [next_look(row, now) for row in rows]
    if lane.detail and not lane.paused:
        looks.append(now + LOOK_AGAIN)
    waiting = lane.transactions.filter(state__in=(S.QUEUED, S.HELD))
    if waiting.exists():
        has_room = len(rows) < lane.max_in_flight and all(row.state not in UNSENT for row in rows)
        fresh = waiting.filter(_is_due(now), Q(look_at__isnull=True) | Q(look_at__lte=now))
        at_once = has_room and not lane.paused and fresh.exists()
        looks.append(now if at_once else now + LOOK_AGAIN)
    return min(looks, default=None)


def _sleep_until(lane: NonceLane, guard: datetime | None, wake_at: datetime | None) -> None:
    # Only if nobody asked meanwhile: a service that queued something has set an earlier time.
    NonceLane.objects.filter(pk=lane.pk, wake_at=guard).update(wake_at=wake_at)
