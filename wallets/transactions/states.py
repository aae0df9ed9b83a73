"""The states of the pipeline and the arrows between them."""

from django.db.models import TextChoices


class TransactionState(TextChoices):
    """Where a transaction is; see docs/transactions.md for the whole picture."""

    QUEUED = "queued", "Queued"
    HELD = "held", "Held"
    REFUSED = "refused", "Refused"
    EXPIRED = "expired", "Expired"
    CANCELLED = "cancelled", "Cancelled"
    RESERVED = "reserved", "Reserved"
    VOIDED = "voided", "Voided"
    SIGNED = "signed", "Signed"
    BROADCAST = "broadcast", "Broadcast"
    INCLUDED = "included", "Included"
    CONFIRMED = "confirmed", "Confirmed"
    FINAL = "final", "Final"
    NEEDS_OPERATOR = "needs_operator", "Needs operator"


S = TransactionState

PRE_NONCE = (S.QUEUED, S.HELD, S.REFUSED, S.EXPIRED, S.CANCELLED)
UNSENT = (S.RESERVED, S.SIGNED)
# Of a lane: what a turn signs together, with a key that is here.
MOST_UNSENT = 16
IN_FLIGHT = (S.RESERVED, S.SIGNED, S.BROADCAST, S.INCLUDED, S.CONFIRMED)
# What a watch pass asks the chain about; a late receipt may still answer what a person is asked.
WATCHED = (S.SIGNED, S.BROADCAST, S.INCLUDED, S.CONFIRMED, S.NEEDS_OPERATOR)
# Signed and not yet in a block: what "pending" means to an operator.
PENDING = (S.RESERVED, S.SIGNED, S.BROADCAST)
ON_CHAIN = (S.INCLUDED, S.CONFIRMED, S.FINAL)
ENDED_UNSENT = (S.REFUSED, S.EXPIRED, S.CANCELLED, S.VOIDED)
# Nothing moves it any more, a reorganisation neither.
ENDED = (S.FINAL, *ENDED_UNSENT)

TRANSACTION_ARROWS: dict[str, tuple[str, ...]] = {
    # Born in a block: made elsewhere with our key, and adopted.
    "": (S.QUEUED, S.INCLUDED),
    # To `included` only after a restore: signed after the backup, and found in a block.
    S.QUEUED: (S.HELD, S.REFUSED, S.EXPIRED, S.CANCELLED, S.RESERVED, S.SIGNED, S.INCLUDED),
    S.HELD: (S.QUEUED, S.REFUSED, S.EXPIRED, S.CANCELLED, S.INCLUDED),
    S.RESERVED: (S.SIGNED, S.VOIDED, S.NEEDS_OPERATOR),
    S.SIGNED: (S.BROADCAST, S.INCLUDED, S.NEEDS_OPERATOR),
    S.BROADCAST: (S.INCLUDED, S.NEEDS_OPERATOR),
    S.INCLUDED: (S.CONFIRMED, S.BROADCAST),
    S.CONFIRMED: (S.FINAL, S.BROADCAST),
    S.NEEDS_OPERATOR: (S.INCLUDED, S.VOIDED),
}


class HoldReason(TextChoices):
    """Why a transaction waits before it has a nonce."""

    FEE_CEILING = "fee_ceiling", "Fee above its ceiling"
    FUNDS = "funds", "Not enough funds"
    APPROVAL = "approval", "Waits for approval"
    STOP = "stop", "Emergency stop"
    WINDOW = "window", "Outside its window"
    DEPENDENCY = "dependency", "Waits for another"
    RPC = "rpc", "Network does not answer"
    LIMIT = "limit", "A spend limit of the day is used up"
    GATE = "gate", "A gate holds it"
    UNKNOWN = "unknown", "A needed fact is unknown"


class Outcome(TextChoices):
    """What the included attempt did; settled for good at `final`."""

    SUCCEEDED = "succeeded", "Succeeded"
    REVERTED = "reverted", "Reverted"
    REPLACED = "replaced", "Replaced by its cancel or from elsewhere"


def is_decided(state: str, outcome: str) -> bool:
    """Whether it is known what became of a transaction, as far as what follows may rely on it.

    A success counts once confirmed; a failure before finality does not exist.
    """
    return state in ENDED or (state == S.CONFIRMED and outcome == Outcome.SUCCEEDED)


class Wish(TextChoices):
    """What an operator asked for a signed transaction; cleared when its attempt is stored."""

    NONE = "", "Nothing"
    SPEED_UP = "speed_up", "Speed up"
    CANCEL = "cancel", "Cancel"


class AttemptState(TextChoices):
    """What the nodes said about the bytes; the chain alone decides what became of them."""

    PREPARED = "prepared", "Prepared"
    AMBIGUOUS = "ambiguous", "Ambiguous"
    ACCEPTED = "accepted", "Accepted"
    REJECTED = "rejected", "Rejected"


class RequestState(TextChoices):
    """Where a signed request is."""

    PREPARED = "prepared", "Prepared"
    REFUSED = "refused", "Refused"
    EXPIRED = "expired", "Expired"
    CANCELLED = "cancelled", "Cancelled"
    SIGNED = "signed", "Signed"
    SENT = "sent", "Sent"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    REJECTED = "rejected", "Rejected"
    NEEDS_OPERATOR = "needs_operator", "Needs operator"


R = RequestState

# What may be so without a signature.
UNSIGNED_REQUEST = (R.PREPARED, R.REFUSED, R.EXPIRED, R.CANCELLED)

REQUEST_ARROWS: dict[str, tuple[str, ...]] = {
    "": (R.PREPARED,),
    R.PREPARED: (R.SIGNED, R.REFUSED, R.EXPIRED, R.CANCELLED),
    R.SIGNED: (R.SENT, R.EXPIRED, R.CANCELLED),
    R.SENT: (R.ACKNOWLEDGED, R.REJECTED, R.NEEDS_OPERATOR),
    R.NEEDS_OPERATOR: (R.ACKNOWLEDGED, R.REJECTED),
}
