"""Send stored bytes, any number of times; what nodes answer is a hint, the chain decides."""

import structlog
from django.db import transaction as database
from django.db.models import Case, F, Value, When
from django.utils import timezone

from wallets.actors import this_worker
from wallets.chain.client import NetworkClient, Sent
from wallets.chain.errors import SendAnswer
from wallets.models import Attempt, EndpointAnswer, Transaction
from wallets.transactions.answers import news_of
from wallets.transactions.machine import move_transaction
from wallets.transactions.points import Point, reached
from wallets.transactions.states import AttemptState
from wallets.transactions.states import TransactionState as S
from wallets.transitions import LostRace

log = structlog.get_logger(__name__)

_REFUSALS = {
    SendAnswer.UNDERPRICED,
    SendAnswer.FEE_CAP,
    SendAnswer.FUNDS,
    SendAnswer.NODE_LIMIT,
    SendAnswer.INVALID,
}


def send_attempt(attempt: Attempt, client: NetworkClient) -> Sent:
    """Send the attempt's bytes to every send endpoint they are for, and note what those said."""
    reached(Point.BEFORE_MARK, attempt.kind)
    # Committed before the bytes leave: times_sent 0 proves that they never did.
    Attempt.objects.filter(pk=attempt.pk).update(
        times_sent=F("times_sent") + 1, last_sent_at=timezone.now()
    )
    reached(Point.MARKED, attempt.kind)
    sent = client.send_raw(bytes(attempt.raw), private_only=attempt.private_only)
    reached(Point.SENT, attempt.kind)
    _note_answer(attempt, sent)
    log.info(
        "attempt_sent",
        transaction=attempt.transaction_id,
        tx_hash=attempt.hash,
        answer=sent.answer.value,
    )
    if sent.accepted:
        reached(Point.BROADCAST, attempt.kind)
    return sent


def _note_answer(attempt: Attempt, sent: Sent) -> None:
    news, seen = news_of(attempt, sent)
    with database.atomic():
        EndpointAnswer.objects.bulk_create(news)
        Attempt.objects.filter(pk=attempt.pk).update(
            # What one node took once may be mined, whatever this or a later writer heard.
            state=Case(
                When(state=AttemptState.ACCEPTED, then=Value(AttemptState.ACCEPTED)),
                default=Value(_attempt_state(attempt, sent)),
            ),
            times_refused=F("times_refused") + int(sent.unanimously_invalid),
            last_answer=_words(sent)[:1000],
            last_answer_kind=sent.answer,
            answers_seen=seen,
        )
        reached(Point.ANSWER_NOTED, attempt.kind)
        if sent.accepted:
            _mark_broadcast(attempt.transaction)


def _words(sent: Sent) -> str:
    """Every endpoint's words."""
    return "; ".join(reply.text for reply in sent.answers) or sent.text


def _attempt_state(attempt: Attempt, sent: Sent) -> str:
    if sent.accepted:
        return AttemptState.ACCEPTED
    if sent.answer is SendAnswer.NOT_SENT:
        return attempt.state
    return AttemptState.REJECTED if sent.answer in _REFUSALS else AttemptState.AMBIGUOUS


def _mark_broadcast(row: Transaction) -> None:
    if row.state != S.SIGNED:
        return
    try:
        move_transaction(row, S.BROADCAST, actor=this_worker())
    except LostRace:
        # The watch may have seen its receipt already: then it is past this state.
        row.refresh_from_db()
