"""Keys that are elsewhere: the nonce is taken first, then the signer is asked, then all is checked
again and the answer kept.

No database transaction is open while the signer thinks. What it is to sign is stored with the
nonce and never priced anew: whenever it is asked again, it is asked for the same bytes.
"""

from datetime import timedelta

import structlog
from django.db import transaction as database
from django.utils import timezone

from wallets.actors import this_worker
from wallets.chain.errors import ChainError
from wallets.leases import hold_lane
from wallets.models import Attempt, Installation, NonceLane, Transaction, Wallet
from wallets.signers.interface import Signer, SignerError
from wallets.signers.loading import load_signer
from wallets.transactions.attempts import Offer, ask_signer, store_attempt
from wallets.transactions.broadcast import send_attempt
from wallets.transactions.finality import final_count
from wallets.transactions.holds import Held
from wallets.transactions.lanes import pause_own_lane, say
from wallets.transactions.limits import read_limits
from wallets.transactions.look import Quote, SimulationRefused, simulated_gas
from wallets.transactions.machine import move_transaction
from wallets.transactions.points import Point, reached
from wallets.transactions.policy import PolicyRefusal
from wallets.transactions.replacing import check_freeing, note
from wallets.transactions.signing import (
    MayNotSign,
    Quoted,
    check_call,
    check_fee,
    deny,
    read_standing,
    take_nonces,
)
from wallets.transactions.states import HoldReason
from wallets.transactions.states import TransactionState as S
from wallets.transactions.turn import Turn
from wallets.transitions import LostRace

log = structlog.get_logger(__name__)

# A signer that fails for so long will not sign this one; its nonce is needed by others.
PATIENCE = timedelta(minutes=5)


class NotWanted(Exception):
    """What was reserved is not to be signed any more; the sentence says why."""


def reserve_nonce(lane: NonceLane, row: Transaction, quote: Quote) -> bool:
    """Give the transaction its nonce and write down what is to be signed; False if held, refused.

    All that a local signature checks is checked here, and what it may cost is held back.
    """
    with database.atomic():
        admitted, denied = take_nonces(lane, [Quoted(row, quote)], S.RESERVED, room=1)
    deny(denied)
    if not admitted:
        return False
    reached(Point.RESERVED, Attempt.Kind.ORIGINAL)
    return True


def reserved_row(lane: NonceLane) -> Transaction | None:
    """The one whose signature is awaited; the database allows one of a lane."""
    rows = lane.transactions.filter(state=S.RESERVED)
    return rows.select_related("network", "lane__wallet").first()


def kind_of(row: Transaction) -> str:
    """The kind of a reserved transaction's first attempt."""
    is_filler = row.action == Attempt.Kind.FILLER
    return Attempt.Kind.FILLER if is_filler else Attempt.Kind.ORIGINAL


def finish_reserved(turn: Turn, row: Transaction) -> None:
    """First thing of a turn: sign and send what was reserved before, or say or end why not."""
    if turn.lane.paused or _installation_is_paused():
        say(turn.lane, f"nonce {row.nonce} is reserved, and signing is paused")
        return
    if (row.nonce or 0) < turn.look.mined:
        _settle_passed(turn, row)
        return
    try:
        reason = _outdated(turn, row)
        signer = load_signer(turn.lane.wallet)
    except (ChainError, SignerError) as error:
        _wait_or_void(turn.lane, row, str(error))
        return
    if reason:
        void_reserved(turn.lane, row, reason)
        return
    attempt = sign_reserved(turn, row, signer)
    if attempt is not None:
        send_attempt(attempt, turn.client)


def sign_reserved(turn: Turn, row: Transaction, signer: Signer) -> Attempt | None:
    """The signed attempt, committed; None where it waits on, or was voided.

    An answer that comes after a stop, a change of policy or a cancel is dropped here.
    """
    lane, offer = turn.lane, _offer(row)
    try:
        with database.atomic():
            _recheck(turn, row, offer)
        signed = ask_signer(lane, row.nonce or 0, offer, signer)
        with database.atomic():
            digest = _recheck(turn, row, offer)
            reached(Point.RECHECKED, offer.kind)
            attempt = store_attempt(lane, row, row.nonce or 0, offer, signed)
            move_transaction(row, S.SIGNED, actor=this_worker(), policy_digest=digest)
    except MayNotSign:
        return None
    except Held as held:
        _wait_or_void(lane, row, held.sentence, at_once=held.why == HoldReason.STOP)
    except PolicyRefusal as refusal:
        _wait_or_void(lane, row, f"policy: {refusal}", at_once=True)
    except NotWanted as reason:
        _wait_or_void(lane, row, str(reason), at_once=True)
    except SignerError as error:
        _wait_or_void(lane, row, str(error))
    else:
        reached(Point.STORED, attempt.kind)
        say(lane, "")
        return attempt
    return None


def void_reserved(lane: NonceLane, row: Transaction, reason: str) -> None:
    """Give up a transaction before its signature is kept; its nonce gets a filler next turn.

    The signer may have signed it: only the filler makes that worthless.
    """
    move_transaction(row, S.VOIDED, actor=this_worker(), reason=f"nothing of it has left: {reason}")
    say(lane, f"nonce {row.nonce} waits for its filler")
    log.warning("reserved_voided", transaction=row.pk, nonce=row.nonce, reason=reason)


def _offer(row: Transaction) -> Offer:
    return Offer(
        kind=kind_of(row),
        to=row.to,
        value=row.value,
        data=bytes(row.data),
        gas_limit=row.gas_limit or 0,
        max_fee_per_gas=row.reserved_max_fee or 0,
        max_priority_fee_per_gas=row.reserved_tip or 0,
        l1_fee=row.reserved_l1_fee or 0,
    )


def _recheck(turn: Turn, row: Transaction, offer: Offer) -> str:
    """The policy's digest if it may be signed now, for a lane and a row that are still ours.

    What it may cost was held back with its nonce and is not asked for again.
    """
    if hold_lane(turn.lane).paused:
        raise MayNotSign
    locked = Transaction.objects.select_for_update().get(pk=row.pk)
    if (locked.state, locked.version) != (S.RESERVED, row.version):
        raise LostRace(f"transaction {row.pk} is {locked.state} by now")
    limits = read_limits(turn.lane)
    if offer.kind == Attempt.Kind.FILLER:
        check_freeing(row, offer.kind, offer, limits)
        return row.policy_digest
    if not Wallet.objects.filter(pk=turn.lane.wallet_id, status=Wallet.Status.VERIFIED).exists():
        raise NotWanted(f"{turn.lane.wallet.label} is no verified wallet any more")
    if locked.valid_until is not None and locked.valid_until <= timezone.now():
        raise NotWanted("its time ran out")
    check_fee(row, offer.max_fee_per_gas, offer.highest_fee, limits)
    standing = read_standing([row], limits)
    return check_call(row, turn.look.code_hashes.get(row.to, ""), standing).digest


def _installation_is_paused() -> bool:
    return Installation.objects.filter(paused=True).exists()


def _outdated(turn: Turn, row: Transaction) -> str:
    """Why what was reserved in an earlier turn would fail by now, or empty."""
    if kind_of(row) == Attempt.Kind.FILLER:
        return ""
    try:
        gas = simulated_gas(row, turn.look.gas_answers[row.pk], turn.client)
    except SimulationRefused as error:
        return f"simulation: {error}"
    limit = row.gas_limit or 0
    return f"it needs {gas} gas by now, {limit} was reserved" if gas > limit else ""


def _wait_or_void(
    lane: NonceLane, row: Transaction, sentence: str, *, at_once: bool = False
) -> None:
    """A filler waits as long as it takes, for nothing else closes its nonce.

    And nothing ends while the installation is paused, as after a restore: the chain may hold what
    this database only knows as reserved.
    """
    if kind_of(row) == Attempt.Kind.FILLER:
        say(lane, f"nonce {row.nonce} waits for its filler: {sentence}")
        note(row, sentence)
    elif _installation_is_paused():
        note(row, sentence)
    elif at_once or timezone.now() - row.state_changed_at >= PATIENCE:
        void_reserved(lane, row, sentence)
    else:
        note(row, sentence)


def _settle_passed(turn: Turn, row: Transaction) -> None:
    """The chain has counted a nonce of which no signature is here: it was used elsewhere.

    By somebody else, or by us before a restore. Until it cannot be undone nothing is known and
    nothing more is signed; then a person says what it was.
    """
    count = final_count(turn.lane, head=turn.look.head, client=turn.client)
    if count <= (row.nonce or 0):
        note(row, f"nonce {row.nonce} is mined, no signature of it is here: it waits for finality")
        return
    sentence = (
        f"nonce {row.nonce} is final on chain and no signature of it is here: the key was used "
        "elsewhere; adopt the transaction that is, or void this one"
    )
    move_transaction(row, S.NEEDS_OPERATOR, actor=this_worker(), reason=sentence)
    pause_own_lane(turn.lane, sentence)
