"""Signed bytes to several endpoints at once, and what their answers come to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from django.utils import timezone

from wallets.chain import rates
from wallets.chain.breaker import is_closed, is_resting
from wallets.chain.deadlines import Deadline, answers_within
from wallets.chain.endpoint import Endpoint
from wallets.chain.errors import ChainError, RpcError, RpcUnavailable, SendAnswer, classify_send
from wallets.chain.health import record_answer

SEND_SECONDS = 8.0
# An endpoint at its own rate limit gets the bytes so much later; beyond that they are kept from it.
RATE_WAIT_SECONDS = 4.0
# Once an endpoint has taken the bytes, the others get so long to say their word.
AFTER_SUCCESS_SECONDS = 1.0
# What several answers come to: the first of these that any of them is. Silence is stronger than a
# refusal, for the silent one may have taken the bytes. "Invalid" stands only if everybody says so:
# whoever was not asked, or kept to a rule of its own, may take them yet.
_STRENGTH = (
    SendAnswer.ACCEPTED,
    SendAnswer.KNOWN,
    SendAnswer.AMBIGUOUS,
    SendAnswer.NONCE_TOO_LOW,
    SendAnswer.UNDERPRICED,
    SendAnswer.FEE_CAP,
    SendAnswer.FUNDS,
    SendAnswer.NONCE_TOO_HIGH,
    SendAnswer.MEMPOOL_FULL,
    SendAnswer.NODE_LIMIT,
    SendAnswer.RATE_LIMITED,
    SendAnswer.NOT_SENT,
    SendAnswer.INVALID,
)


class Reply(NamedTuple):
    """One endpoint's words."""

    endpoint: str
    answer: SendAnswer
    text: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What the endpoints said about raw bytes, in their strongest words."""

    answer: SendAnswer
    text: str
    answers: tuple[Reply, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether any endpoint took the bytes or had them already."""
        return self.answer in (SendAnswer.ACCEPTED, SendAnswer.KNOWN)

    @property
    def unanimously_invalid(self) -> bool:
        """Whether every endpoint these bytes may go to was asked this time and called them invalid.

        `answer` is "invalid" exactly then.
        """
        told = {reply.answer for reply in self.answers}
        return told == {SendAnswer.INVALID}


def send_to_all(endpoints: Sequence[Endpoint], raws: Sequence[bytes]) -> list[Sent]:
    """Give the bytes to every endpoint side by side; a hanging one delays no other.

    Each endpoint gets them in this order, in one batch; what came of each is in its place.
    """
    worth = _worth_asking(endpoints)
    calls = len(raws)
    waits = {one: rates.claim(one.row, one.calls(calls), within=RATE_WAIT_SECONDS) for one in worth}
    outcomes = _deliver({one: wait for one, wait in waits.items() if wait is not None}, raws)
    kept = {one: _kept_from(one, at_limit=one in waits) for one in endpoints if one not in outcomes}
    return [
        _sum_up([kept.get(one) or _reply(one, outcomes[one][place]) for one in endpoints])
        for place in range(calls)
    ]


def _sum_up(replies: Sequence[Reply]) -> Sent:
    strongest = strongest_of(replies)
    return Sent(strongest.answer, strongest.text, tuple(replies))


def strongest_of(replies: Iterable[Reply]) -> Reply:
    """The reply that decides."""
    return min(replies, key=lambda reply: _STRENGTH.index(reply.answer))


def _worth_asking(endpoints: Sequence[Endpoint]) -> list[Endpoint]:
    """Those that answer; if none is known to, all but those that asked for a pause."""
    now = timezone.now()
    closed = [endpoint for endpoint in endpoints if is_closed(endpoint.row, now)]
    return closed or [one for one in endpoints if not is_resting(one.row, now)]


def _deliver(
    waits: Mapping[Endpoint, float], raws: Sequence[bytes]
) -> dict[Endpoint, list[ChainError | None]]:
    """What each endpoint said; each gets the bytes after its wait, which delays no other."""
    deadline = Deadline(SEND_SECONDS)
    calls = {one: partial(one.deliver, raws, SEND_SECONDS, wait) for one, wait in waits.items()}
    outcomes: dict[Endpoint, list[ChainError | None]] = {
        one: [RpcUnavailable(f"{one.row.name} has not answered in time")] * len(raws)
        for one in waits
    }
    silent = set(waits)
    for endpoint, errors in answers_within(calls, deadline):
        silent.discard(endpoint)
        outcomes[endpoint] = errors
        if all(error is None or classify_send(error) is SendAnswer.KNOWN for error in errors):
            deadline.at_most(AFTER_SUCCESS_SECONDS)
    for endpoint, errors in outcomes.items():
        # Who was made to wait by our own limit and is silent has done nothing wrong.
        if not (endpoint in silent and waits[endpoint]):
            _note(endpoint, errors)
    return outcomes


def _note(endpoint: Endpoint, errors: Sequence[ChainError | None]) -> None:
    # A refusal is an answer. Its latency is the node's work, not the way there.
    broken = [error for error in errors if error and not isinstance(error, RpcError)]
    if broken:
        endpoint.note(broken[0])
    else:
        record_answer(endpoint.row, endpoint.row.latency_ms)


def _reply(endpoint: Endpoint, error: ChainError | None) -> Reply:
    name = endpoint.row.name
    if error is None:
        return Reply(name, SendAnswer.ACCEPTED, f"{name}: accepted")
    words = str(error) if str(error).startswith(name) else f"{name}: {error}"
    return Reply(name, classify_send(error), words[:300])


def _kept_from(endpoint: Endpoint, *, at_limit: bool) -> Reply:
    row = endpoint.row
    if at_limit:
        words = f"{row.name}: at its limit of {row.requests_per_second} calls per second"
        return Reply(row.name, SendAnswer.RATE_LIMITED, words)
    resting = is_resting(row, timezone.now())
    answer = SendAnswer.RATE_LIMITED if resting else SendAnswer.NOT_SENT
    until = f"{row.open_until:%H:%M:%S}" if row.open_until else "later"
    return Reply(row.name, answer, f"{row.name}: left alone until {until} UTC: {row.last_error}")
