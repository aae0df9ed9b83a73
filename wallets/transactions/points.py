"""Named boundaries of the pipeline: whatever dies at one of them, nothing is lost or done twice.

The fault programme listens here and kills the process; nobody else does.
"""

from collections.abc import Callable
from enum import StrEnum


class Point(StrEnum):
    """Where a process may die, in the order of a transaction's way."""

    LEASED = "leased"
    CHAIN_ASKED = "chain_asked"
    QUOTED = "quoted"
    LANE_HELD = "lane_held"
    CHECKED = "checked"
    NONCE_TAKEN = "nonce_taken"
    STATE_MOVED = "state_moved"
    RESERVED = "reserved"
    SIGNER_ASKED = "signer_asked"
    SIGNED = "signed"
    RECHECKED = "rechecked"
    ATTEMPT_WRITTEN = "attempt_written"
    STORED = "stored"
    BEFORE_MARK = "before_mark"
    MARKED = "marked"
    SENT = "sent"
    ANSWER_NOTED = "answer_noted"
    BROADCAST = "broadcast"
    RELEASING = "releasing"
    RECEIPTS_ASKED = "receipts_asked"
    RECEIPT_WRITTEN = "receipt_written"
    INCLUDED = "included"
    INCLUSION_STORED = "inclusion_stored"
    CONFIRMED = "confirmed"
    FINAL = "final"


class RequestPoint(StrEnum):
    """Where a process may die on a signed request's way."""

    NONCE_TAKEN = "request_nonce_taken"
    SIGNED = "request_signed"
    STORED = "request_stored"
    MARKED = "request_marked"
    ANSWERED = "request_answered"
    ASKED = "request_asked"
    SETTLED = "request_settled"


# The floors above have boundaries of their own.
Listener = Callable[[StrEnum, str], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Call `listener` with every point reached in this process and the attempt kind it is for."""
    _listeners.append(listener)


def reached(point: StrEnum, kind: str = "") -> None:
    """Say that the boundary is reached; `kind` is the attempt's (`original`, `bump`, …)."""
    for listener in _listeners:
        listener(point, kind)
