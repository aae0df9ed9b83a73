"""Give a venue what is signed, and find out what became of it. Never signed again."""

from datetime import datetime, timedelta

import structlog
from django.db import transaction as database
from django.utils import timezone

from wallets.actors import this_worker
from wallets.models import SignedRequest
from wallets.requests.signing import require_no_stop
from wallets.requests.venues import Venue, VenueAnswer, VenueUnknown
from wallets.transactions.holds import Held
from wallets.transactions.machine import SIGNED_REQUEST
from wallets.transactions.points import RequestPoint, reached
from wallets.transactions.states import RequestState as R
from wallets.transitions import LostRace, move

log = structlog.get_logger(__name__)

# What is still on the wire is not known to a venue yet.
RESEND_AFTER = timedelta(seconds=30)
MOST_SENDS = 5
# So long nobody but a venue is asked; then a person as well.
PATIENCE = timedelta(minutes=5)


def send_request(row: SignedRequest, venue: Venue) -> None:
    """Send a signed request for the first time, or leave it because of a stop (Held)."""
    now = timezone.now()
    with database.atomic():
        require_no_stop(row)
        # Committed before the bytes leave: times_sent 0 proves that they never did.
        move(
            row,
            R.SENT,
            machine=SIGNED_REQUEST,
            actor=this_worker(),
            times_sent=1,
            last_sent_at=now,
        )
    _deliver(row, venue)


def ask_venue(row: SignedRequest, venue: Venue) -> None:
    """Ask what became of a sent request, and do what follows from the answer."""
    try:
        answer = venue.find(row)
    except VenueUnknown as error:
        note(row, f"{row.protocol} does not say what became of it: {error}")
        _lose_patience(row)
        return
    reached(RequestPoint.ASKED)
    if answer is not None:
        _settle(row, answer)
    elif _may_go_again(row, venue):
        _send_again(row, venue)
    else:
        note(row, f"{row.protocol} does not know {row.client_id}")
        _lose_patience(row)


def note(row: SignedRequest, sentence: str) -> None:
    """Say on the request what keeps it where it is; what a person is asked stays."""
    if row.state == R.NEEDS_OPERATOR:
        return
    row.detail = sentence[:500]
    SignedRequest.objects.filter(pk=row.pk, version=row.version).update(detail=row.detail)


def next_look(row: SignedRequest, now: datetime) -> timedelta:
    """How long until a venue is asked again: soon at first, once a minute in the end."""
    since = now - (row.last_sent_at or now)
    return min(max(since, timedelta(seconds=1)), timedelta(minutes=1))


def ran_out(row: SignedRequest) -> bool:
    """Whether its time is over."""
    return row.valid_until is not None and row.valid_until <= timezone.now()


def _deliver(row: SignedRequest, venue: Venue) -> None:
    reached(RequestPoint.MARKED)
    try:
        answer = venue.send(row)
    except VenueUnknown as error:
        note(row, f"no usable answer, {row.protocol} is asked what became of it: {error}")
        return
    reached(RequestPoint.ANSWERED)
    if not answer.accepted and row.times_sent > 1:
        _note_refusal(row, answer)
        return
    _settle(row, answer)


def _note_refusal(row: SignedRequest, answer: VenueAnswer) -> None:
    """It may be refused for being there already: only what is found under its id decides.

    The answer is kept, and with one the bytes never go again.
    """
    refused = SignedRequest.objects.filter(pk=row.pk, version=row.version)
    refused.update(answer=answer.body if answer.body is not None else {})
    note(row, f"refused when sent again, {row.protocol} is asked for it: {answer.sentence}")


def _may_go_again(row: SignedRequest, venue: Venue) -> bool:
    """Whether the same bytes may be sent once more to a venue that says it never saw them.

    Its word alone is not enough: they may be on the wire, or not written down yet.
    """
    since = timezone.now() - (row.last_sent_at or row.state_changed_at)
    fresh = row.state == R.SENT and row.answer is None and not ran_out(row)
    return venue.refuses_doubles and fresh and row.times_sent < MOST_SENDS and since >= RESEND_AFTER


def _send_again(row: SignedRequest, venue: Venue) -> None:
    now, sent = timezone.now(), row.times_sent
    mine = SignedRequest.objects.filter(pk=row.pk, version=row.version, times_sent=sent)
    try:
        with database.atomic():
            require_no_stop(row)
            if mine.update(times_sent=sent + 1, last_sent_at=now) != 1:
                raise LostRace(f"another process sends request {row.pk}")
    except Held as held:
        note(row, f"{row.protocol} does not know it and it is not sent again: {held}")
        return _lose_patience(row)
    row.times_sent, row.last_sent_at = sent + 1, now
    log.info("request_sent_again", request=row.pk, times=row.times_sent)
    return _deliver(row, venue)


def _settle(row: SignedRequest, answer: VenueAnswer) -> None:
    to = R.ACKNOWLEDGED if answer.accepted else R.REJECTED
    sentence = answer.sentence[:500]
    move(
        row,
        to,
        machine=SIGNED_REQUEST,
        actor=this_worker(),
        reason=sentence,
        answer=answer.body,
        detail=sentence,
        wake_at=None,
    )
    log.info("request_settled", request=row.pk, state=to.value)
    reached(RequestPoint.SETTLED)


def _lose_patience(row: SignedRequest) -> None:
    if row.state != R.SENT or timezone.now() - row.state_changed_at < PATIENCE:
        return
    sentence = (
        f"nobody knows whether {row.protocol} did {row.client_id}: look there, and say here which "
        f"it is. {row.detail}"
    )
    move(
        row,
        R.NEEDS_OPERATOR,
        machine=SIGNED_REQUEST,
        actor=this_worker(),
        reason=sentence,
        detail=sentence[:500],
    )
