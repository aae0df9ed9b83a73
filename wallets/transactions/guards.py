"""Checks that higher floors add to every signature, through one registry.

A guard is called inside the signing transaction: it reads the database, never the network. It is
asked about all that is signed together, so that it reads once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from wallets.models import SignedRequest, Transaction
from wallets.transactions.limits import Limits
from wallets.transactions.states import HoldReason


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
    # Of what kind the hold is, as the transaction shows it.
    why: HoldReason = HoldReason.UNKNOWN


ALLOWED = Verdict(Answer.ALLOW)
Verdicts = dict[int, Verdict]
Guard = Callable[[Sequence[Transaction]], Verdicts]
# Given the limits as they were read for what is signed together; None where nobody has.
LimitsGuard = Callable[[Sequence[Transaction], Limits | None], Verdicts]
RequestGuard = Callable[[SignedRequest], Verdict]
_guards: dict[str, LimitsGuard] = {}
_request_guards: dict[str, RequestGuard] = {}


def register(name: str, guard: Guard) -> None:
    """Add a guard, which has an answer for each it is asked about; the same name replaces."""
    _guards[name] = lambda transactions, _limits: guard(transactions)


def register_with_limits(name: str, guard: LimitsGuard) -> None:
    """As `register`, for a guard that would have to read the limits once more."""
    _guards[name] = guard


def register_for_requests(name: str, guard: RequestGuard) -> None:
    """Add a guard of signed requests; the same name replaces."""
    _request_guards[name] = guard


def ask_all(transactions: Sequence[Transaction], limits: Limits | None = None) -> Verdicts:
    """By primary key: the first answer that is not to allow, or ALLOWED."""
    verdicts = {transaction.pk: ALLOWED for transaction in transactions}
    for guard in _guards.values():
        told = guard([one for one in transactions if verdicts[one.pk] is ALLOWED], limits)
        for one in transactions:
            if verdicts[one.pk] is ALLOWED:
                verdicts[one.pk] = _checked(told[one.pk])
    return verdicts


def _checked(verdict: Verdict) -> Verdict:
    return ALLOWED if verdict.answer is Answer.ALLOW else verdict


def ask_all_of_request(request: SignedRequest) -> Verdict:
    """The first answer that is not to allow the request, or ALLOWED."""
    for guard in _request_guards.values():
        verdict = guard(request)
        if verdict.answer is not Answer.ALLOW:
            return verdict
    return ALLOWED
