"""Send stored bytes, any number of times; what nodes answer is a hint, the chain decides."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any

import structlog
from django.db import transaction as database
from django.db.models import Case, F, Value, When
from django.utils import timezone

from wallets.actors import this_worker
from wallets.chain.client import NetworkClient, Sent
from wallets.chain.errors import SendAnswer
from wallets.models import Attempt, EndpointAnswer, Transaction
from wallets.transactions.answers import news_of
from wallets.transactions.machine import move_transactions, unchanged_transactions
from wallets.transactions.points import Point, reached
from wallets.transactions.states import MOST_UNSENT, AttemptState
from wallets.transactions.states import TransactionState as S

log = structlog.get_logger(__name__)

_REFUSALS = {
    SendAnswer.UNDERPRICED,
    SendAnswer.FEE_CAP,
    SendAnswer.FUNDS,
    SendAnswer.NODE_LIMIT,
    SendAnswer.INVALID,
}


def send_attempt(attempt: Attempt, client: NetworkClient) -> Sent:
    """As `send_attempts`, of one."""
    return send_attempts([attempt], client)[0]


def send_attempts(attempts: Sequence[Attempt], client: NetworkClient) -> list[Sent]:
    """Send the attempts' bytes to every send endpoint they are for, and note what those said.

    Of one lane, in the order of their nonces; what is for private endpoints goes by itself.
    """
    sent: dict[int, Sent] = {}
    for private in (False, True):
        some = [attempt for attempt in attempts if attempt.private_only == private]
        for together in batched(some, MOST_UNSENT):
            answers = _send(together, client, private_only=private)
            sent |= {one.pk: answer for one, answer in zip(together, answers, strict=True)}
    return [sent[attempt.pk] for attempt in attempts]


def _send(attempts: Sequence[Attempt], client: NetworkClient, *, private_only: bool) -> list[Sent]:
    _reached_by(attempts, Point.BEFORE_MARK)
    # Committed before the bytes leave: times_sent 0 proves that they never did.
    Attempt.objects.filter(pk__in=[attempt.pk for attempt in attempts]).update(
        times_sent=F("times_sent") + 1, last_sent_at=timezone.now()
    )
    _reached_by(attempts, Point.MARKED)
    raws = [bytes(attempt.raw) for attempt in attempts]
    sent = client.send_all_raw(raws, private_only=private_only)
    _reached_by(attempts, Point.SENT)
    pairs = list(zip(attempts, sent, strict=True))
    _note_answers(pairs)
    for attempt, answer in pairs:
        log.info(
            "attempt_sent",
            transaction=attempt.transaction_id,
            origin=_origin(attempt),
            tx_hash=attempt.hash,
            answer=answer.answer.value,
        )
    _reached_by([attempt for attempt, answer in pairs if answer.accepted], Point.BROADCAST)
    return sent


def _origin(attempt: Attempt) -> str:
    """Whose transaction it is, where that was read already: a log line asks no database."""
    known = "transaction" in attempt._state.fields_cache
    return attempt.transaction.origin if known else ""


def _reached_by(attempts: Iterable[Attempt], point: Point) -> None:
    for attempt in attempts:
        reached(point, attempt.kind)


def _note_answers(pairs: Sequence[tuple[Attempt, Sent]]) -> None:
    """What was said of each; attempts of which the same was said share a statement."""
    alike: dict[str, tuple[_Noted, list[int]]] = {}
    news: list[EndpointAnswer] = []
    for attempt, sent in pairs:
        rows, seen = news_of(attempt, sent)
        news += rows
        noted = _Noted(_attempt_state(attempt, sent), sent, seen)
        alike.setdefault(repr(noted), (noted, []))[1].append(attempt.pk)
    with database.atomic():
        EndpointAnswer.objects.bulk_create(news)
        for noted, keys in alike.values():
            noted.write(keys)
        _reached_by([attempt for attempt, _ in pairs], Point.ANSWER_NOTED)
        _mark_broadcast([attempt.transaction for attempt, sent in pairs if sent.accepted])


@dataclass(frozen=True, slots=True)
class _Noted:
    """What is kept of a sending on its attempt."""

    state: str
    sent: Sent
    seen: dict[str, Any]

    def write(self, keys: Sequence[int]) -> None:
        Attempt.objects.filter(pk__in=keys).update(
            # What one node took once may be mined, whatever this or a later writer heard.
            state=Case(
                When(state=AttemptState.ACCEPTED, then=Value(AttemptState.ACCEPTED)),
                default=Value(self.state),
            ),
            times_refused=F("times_refused") + int(self.sent.unanimously_invalid),
            last_answer=_words(self.sent)[:1000],
            last_answer_kind=self.sent.answer,
            answers_seen=self.seen,
        )


def _words(sent: Sent) -> str:
    """Every endpoint's words."""
    return "; ".join(reply.text for reply in sent.answers) or sent.text


def _attempt_state(attempt: Attempt, sent: Sent) -> str:
    if sent.accepted:
        return AttemptState.ACCEPTED
    if sent.answer is SendAnswer.NOT_SENT:
        return attempt.state
    return AttemptState.REJECTED if sent.answer in _REFUSALS else AttemptState.AMBIGUOUS


def _mark_broadcast(rows: Sequence[Transaction]) -> None:
    signed = [row for row in rows if row.state == S.SIGNED]
    same = unchanged_transactions(signed)
    move_transactions(same, S.BROADCAST, actor=this_worker())
    for row in signed:
        if row.state == S.SIGNED:
            # The watch may have seen its receipt already: then it is past this state.
            row.refresh_from_db()
