"""What is signed and not in a block yet: send it, price it up, cancel it, or ask a person."""

from datetime import datetime, timedelta

import structlog
from django.utils import timezone

from wallets.actors import this_worker
from wallets.chain.client import hex_int
from wallets.chain.errors import ChainError, SendAnswer
from wallets.chain.l1_fees import estimate_l1_fee
from wallets.models import Attempt, NonceLane, Receipt, Transaction
from wallets.signers.interface import SignerError
from wallets.signers.loading import load_signer
from wallets.transactions.broadcast import send_attempt, send_attempts
from wallets.transactions.filling import fill_gap
from wallets.transactions.finality import final_count
from wallets.transactions.lanes import find_gaps, pause_own_lane, say
from wallets.transactions.look import with_headroom
from wallets.transactions.machine import move_transaction
from wallets.transactions.replacing import (
    Replacement,
    is_replaceable,
    newest_attempt,
    note,
    replace,
)
from wallets.transactions.reserving import finish_reserved
from wallets.transactions.signing import next_nonce
from wallets.transactions.states import UNSENT, AttemptState, Wish
from wallets.transactions.states import TransactionState as S
from wallets.transactions.stop import stop_reason
from wallets.transactions.turn import Turn
from wallets.transactions.view import ask_receipts
from wallets.transitions import LostRace

log = structlog.get_logger(__name__)

# A node may accept and then drop: what is not mined after a while is offered again.
RESEND_AFTER = timedelta(seconds=30)
# A market that stays above every price is an operator's decision, not a loop's.
MOST_ATTEMPTS = 12
# What only refusals answered so often is not going to be taken.
REFUSALS_BEFORE_CANCEL = 3


def unfinished(lane: NonceLane) -> list[Transaction]:
    """What holds a nonce and is in no block, lowest nonce first."""
    rows = lane.transactions.filter(state__in=(S.SIGNED, S.BROADCAST)).order_by("nonce")
    return list(rows.select_related("network", "lane__wallet").prefetch_related("attempts"))


def recover(turn: Turn, rows: list[Transaction], reserved: Transaction | None) -> None:
    """Bring every unfinished nonce one step further; what was reserved is signed first."""
    try:
        if reserved is not None:
            finish_reserved(turn, reserved)
        else:
            _fill_gaps(turn)
    except LostRace:
        log.info("recovery_lost_race", lane=turn.lane.pk)
    _recover_all(turn, rows)


def _recover_all(turn: Turn, rows: list[Transaction]) -> None:
    again: list[Attempt] = []
    try:
        for row in rows:
            try:
                again += filter(None, [_recover(turn, row)])
            except LostRace:
                log.info("recovery_lost_race", transaction=row.pk)
            except SignerError as error:
                note(row, str(error))
    except ChainError:
        # What was found before a question was not answered need not wait for it.
        send_attempts(_in_order(_known_to_be_ours(turn, again, rows), rows), turn.client)
        raise
    send_attempts(_in_order(_known_to_be_ours(turn, again, rows), rows), turn.client)


def _known_to_be_ours(turn: Turn, again: list[Attempt], rows: list[Transaction]) -> list[Attempt]:
    """Without what never left, while somebody else may be using the key.

    As of a host that comes back after its backup was restored elsewhere: what it has signed and
    not sent may have been done there, at another nonce.
    """
    if all(attempt.times_sent for attempt in again) or not _is_used_elsewhere(turn, rows):
        return again
    log.warning("unsent_withheld", lane=turn.lane.pk)
    return [attempt for attempt in again if attempt.times_sent]


def _is_used_elsewhere(turn: Turn, rows: list[Transaction]) -> bool:
    """Whether a nonce of which nothing ever left is taken, or one below is not explained."""
    unsent = [
        row.nonce or 0 for row in rows if not any(one.times_sent for one in row.attempts.all())
    ]
    if turn.look.pending > min(unsent, default=turn.look.pending):
        return True
    asked = turn.lane.transactions.filter(state=S.NEEDS_OPERATOR)
    return asked.exists() or bool(unexplained(turn, rows))


def _in_order(again: list[Attempt], rows: list[Transaction]) -> list[Attempt]:
    """Without what never left and stands above a nonce that is kept from leaving."""
    sent = {attempt.transaction_id for attempt in again}
    kept = [row.nonce or 0 for row in rows if row.state == S.SIGNED and row.pk not in sent]
    lowest = min(kept, default=None)
    return [
        attempt
        for attempt in again
        if attempt.times_sent or lowest is None or attempt.nonce < lowest
    ]


def unexplained(turn: Turn, rows: list[Transaction]) -> str:
    """Why a nonce of ours may have been used elsewhere, or empty.

    The chain counts it, and no hash of ours is told of: a node may be behind with its receipts,
    or the key is used elsewhere. Until that is known nothing more is signed.
    """
    passed = [row for row in rows if (row.nonce or 0) < turn.look.mined]
    hashes = {attempt.hash: row for row in passed for attempt in row.attempts.all()}
    told = ask_receipts(list(hashes), turn.client)
    explained = {hashes[tx_hash].pk for tx_hash in told}
    open_ones = [row for row in passed if row.pk not in explained]
    if not open_ones:
        return ""
    return (
        f"nonce {open_ones[0].nonce} is mined and no node tells of a hash of ours there: it waits "
        "until it is known whether the key is used elsewhere"
    )


def _recover(turn: Turn, row: Transaction) -> Attempt | None:
    """What is to be sent again for it, if anything; what replaces it is sent here."""
    leading = leading_attempt(row)
    leading.transaction = row
    if (row.nonce or 0) < turn.look.mined:
        _settle_passed(turn, row)
        return None
    kind = _wanted(turn, row, leading)
    if kind:
        wanted = _priced(turn, row, kind, _because(row, leading, kind))
        replaced = replace(turn.lane, row, wanted, load_signer(turn.lane.wallet))
        if replaced is not None:
            replaced.transaction = row
            send_attempt(replaced, turn.client)
            return None
    return leading if _is_due_again(row, leading) else None


def leading_attempt(row: Transaction) -> Attempt:
    """The one that should be mined: what a reorganisation took out of its block, or the newest."""
    undone = Receipt.objects.filter(transaction=row, canonical=False).select_related("attempt")
    lately = undone.order_by("-id").first()
    return lately.attempt if lately else newest_attempt(row)


def _is_due_again(row: Transaction, leading: Attempt) -> bool:
    """Whether the same bytes go out once more: they never left, were not taken, or lie for long."""
    if leading.kind == Attempt.Kind.ADOPTED:  # its bytes are elsewhere
        return False
    if leading.times_sent == 0 and _is_withheld(row, leading):
        return False
    stale = timezone.now() - RESEND_AFTER
    untaken = row.state == S.SIGNED or leading.state != AttemptState.ACCEPTED
    return untaken or leading.last_sent_at is None or leading.last_sent_at < stale


def _is_withheld(row: Transaction, leading: Attempt) -> bool:
    """Whether what never left must not: its time is over (a cancel ends just that), or a stop."""
    is_late = _is_over(row) and leading.kind != Attempt.Kind.CANCEL
    return is_late or bool(stop_reason(row, leading.kind))


def _wanted(turn: Turn, row: Transaction, leading: Attempt) -> str:
    """The kind of attempt to put at the row's nonce now; empty to leave it as it is."""
    if not is_replaceable(row, leading):
        return ""
    if row.wish == Wish.CANCEL or _ran_out(turn, row, leading) or _is_unwanted(leading):
        return Attempt.Kind.CANCEL
    # Once a cancel is out, its price goes up, never the original's.
    same = Attempt.Kind.CANCEL if leading.kind == Attempt.Kind.CANCEL else Attempt.Kind.BUMP
    if row.wish == Wish.SPEED_UP:
        return same
    return same if _needs_bump(turn, row, leading) else ""


def _is_over(row: Transaction) -> bool:
    return row.valid_until is not None and row.valid_until <= timezone.now()


def _ran_out(turn: Turn, row: Transaction, leading: Attempt) -> bool:
    """Whether its time is over and it must not be mined any more: it is cancelled, once.

    What never left at once, anything else when its turn comes: it only could revert.
    """
    cancelled = any(one.kind == Attempt.Kind.CANCEL for one in row.attempts.all())
    due = leading.times_sent == 0 or row.nonce == turn.look.mined
    return _is_over(row) and due and not cancelled


def _is_unwanted(leading: Attempt) -> bool:
    """Whether all nodes always called the bytes themselves wrong: a cancel frees their nonce.

    One other answer, or none, and some node may have them: then a person decides.
    """
    return (
        leading.kind != Attempt.Kind.CANCEL
        and leading.times_refused == leading.times_sent
        and leading.times_refused >= REFUSALS_BEFORE_CANCEL
    )


def _needs_bump(turn: Turn, row: Transaction, newest: Attempt) -> bool:
    """Whether it is the next to be mined, has waited, and offers less than the market asks."""
    if row.nonce != turn.look.mined or row.attempts.count() >= MOST_ATTEMPTS:
        return False
    if newest.times_sent == 0 or newest.kind == Attempt.Kind.ADOPTED:
        return False
    if newest.last_answer_kind in (SendAnswer.UNDERPRICED, SendAnswer.FEE_CAP):
        return True
    waited = timezone.now() - newest.created_at
    patience = timedelta(seconds=row.network.bump_after_seconds)
    if waited < patience:
        return False
    market = turn.look.market(row)
    below = (
        newest.max_fee_per_gas < market.market
        or newest.max_priority_fee_per_gas < market.max_priority_fee_per_gas
    )
    return below or waited >= 3 * patience


def _priced(turn: Turn, row: Transaction, kind: str, because: str) -> Replacement:
    if kind == Attempt.Kind.BUMP:
        gas_limit = row.gas_limit or 0
        fee = estimate_l1_fee(turn.client, bytes(row.data), gas_limit)
        return Replacement(kind, turn.look, gas_limit, fee, because)
    return _self_transfer(turn, kind, because)


def _self_transfer(turn: Turn, kind: str, because: str = "") -> Replacement:
    """0 to the wallet itself."""
    gas_limit = _self_transfer_gas(turn)
    fee = estimate_l1_fee(turn.client, b"", gas_limit)
    return Replacement(kind, turn.look, gas_limit, fee, because)


def _because(row: Transaction, leading: Attempt, kind: str) -> str:
    """Why an attempt is made, for the history."""
    if row.wish:
        return "asked for by an operator"
    if kind != Attempt.Kind.CANCEL or leading.kind == Attempt.Kind.CANCEL:
        return "it has waited, or offers too little"
    if row.valid_until is not None and _is_over(row):
        return f"its time ran out at {row.valid_until:%Y-%m-%d %H:%M:%S} UTC"
    return f"every node calls its bytes invalid: {leading.last_answer}"


def _self_transfer_gas(turn: Turn) -> int:
    address = turn.lane.wallet.address
    message = {"from": address, "to": address, "value": "0x0"}
    return with_headroom(hex_int(turn.client.read("eth_estimateGas", [message])))


def _fill_gaps(turn: Turn) -> None:
    """Nonces the chain waits for and no transaction of ours holds are filled."""
    lane = turn.lane
    if lane.paused:
        return None
    gaps = find_gaps(lane, mined=turn.look.mined, following=next_nonce(lane))
    if not gaps:
        return say(lane, "")
    # Its place is that of what is signed and no node has yet.
    if lane.transactions.filter(state__in=UNSENT).exists():
        return say(lane, f"nonce {gaps[0]} waits for its filler until the others have left")
    try:
        wanted = _self_transfer(turn, Attempt.Kind.FILLER)
        attempt = fill_gap(turn, gaps[0], wanted, load_signer(lane.wallet))
    except SignerError as error:
        return say(lane, f"nonce {gaps[0]} waits for its filler: {error}")
    if attempt is not None:
        say(lane, "")
        log.warning("gap_filled", lane=lane.pk, nonce=gaps[0], tx_hash=attempt.hash)
        send_attempt(attempt, turn.client)
    return None


def _settle_passed(turn: Turn, row: Transaction) -> None:
    """The chain has counted the row's nonce: by an attempt of ours, or by somebody else's.

    The watch moves it on when it finds a receipt. Only when the count is final and none of our
    hashes has one is a person asked: until then nothing is known.
    """
    count = final_count(turn.lane, head=turn.look.head, client=turn.client)
    if count <= (row.nonce or 0):
        return
    hashes = [attempt.hash for attempt in row.attempts.all()]
    requests = [("eth_getTransactionReceipt", [tx_hash]) for tx_hash in hashes]
    answers = turn.client.agree(requests, strict=True)
    if any(answer is not None for answer in answers):
        return
    sentence = (
        f"nonce {row.nonce} is final on chain and none of our {len(hashes)} hashes is there: "
        "the key was used elsewhere; adopt the transaction that is, or void this one"
    )
    move_transaction(row, S.NEEDS_OPERATOR, actor=this_worker(), reason=sentence)
    pause_own_lane(turn.lane, sentence)


def next_look(row: Transaction, now: datetime) -> datetime:
    """When an unfinished row should be looked at again."""
    return now + (timedelta(seconds=5) if row.state in UNSENT or row.wish else RESEND_AFTER)
