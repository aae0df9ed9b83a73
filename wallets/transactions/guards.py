"""Checks that higher floors add to every signature, through one registry.

A guard is called inside the signing transaction: it reads the database, never the network.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from wallets.models import SignedRequest, Transaction


class Answer(StrEnum):
    """What a guard says."""

    ALLOW = "allow"
    HOLD = "hold"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A guard's answer and its sentence for the operator."""

    answer: Answer
    sentence: str = ""


ALLOWED = Verdict(Answer.ALLOW)
Guard = Callable[[Transaction], Verdict]
RequestGuard = Callable[[SignedRequest], Verdict]
_guards: dict[str, Guard] = {}
_request_guards: dict[str, RequestGuard] = {}


def register(name: str, guard: Guard) -> None:
    """Add a guard; the same name replaces."""
    _guards[name] = guard


def register_for_requests(name: str, guard: RequestGuard) -> None:
    """Add a guard of signed requests; the same name replaces."""
    _request_guards[name] = guard


def ask_all(transaction: Transaction) -> Verdict:
    """The first answer that is not to allow, or ALLOWED."""
    for guard in _guards.values():
        verdict = guard(transaction)
        if verdict.answer is not Answer.ALLOW:
            return verdict
    return ALLOWED


def ask_all_of_request(request: SignedRequest) -> Verdict:
    """The first answer that is not to allow the request, or ALLOWED."""
    for guard in _request_guards.values():
        verdict = guard(request)
        if verdict.answer is not Answer.ALLOW:
            return verdict
    return ALLOWED
