"""Bring due requests one step further. Safe to run twice and at the same time as itself."""

import time
from datetime import datetime, timedelta
from itertools import takewhile

import structlog
from django.db.models import QuerySet
from django.utils import timezone

from wallets import wakeups
from wallets.actors import this_worker
from wallets.models import SignedRequest
from wallets.requests.sending import ask_venue, next_look, note, ran_out, send_request
from wallets.requests.signing import sign_request
from wallets.requests.venues import find_venue
from wallets.signers.interface import SignerError
from wallets.signers.loading import load_signer
from wallets.transactions.holds import Held
from wallets.transactions.machine import SIGNED_REQUEST
from wallets.transactions.policy import PolicyRefusal
from wallets.transactions.states import RequestState as R
from wallets.transitions import LostRace, move

log = structlog.get_logger(__name__)

REQUESTS_PER_PASS = 20
PASS_SECONDS = 20.0
# Others leave a request alone for so long after somebody began with it.
CLAIM = timedelta(seconds=15)
LOOK_AGAIN = timedelta(seconds=5)


def due_requests() -> QuerySet[SignedRequest]:
    """Those with something to do, the longest waiting first."""
    return SignedRequest.objects.filter(wake_at__lte=timezone.now()).order_by("wake_at")


def work_requests() -> None:
    """Give each due request its turn, as long as the job has time."""
    ends_at = time.monotonic() + PASS_SECONDS
    keys = list(due_requests().values_list("pk", flat=True)[:REQUESTS_PER_PASS])
    # A slow signer or venue must not keep a worker past its job's time-out.
    wakeups.each(_turn, takewhile(lambda _key: time.monotonic() < ends_at, keys))


def _turn(pk: int) -> None:
    row = SignedRequest.objects.select_related("wallet", "network").get(pk=pk)
    guard = timezone.now() + CLAIM
    # A claim that outlives its holder costs time only: every write compares the row's version.
    claimed = due_requests().filter(pk=pk, version=row.version).update(wake_at=guard)
    if not claimed:
        return
    with structlog.contextvars.bound_contextvars(request=pk):
        try:
            _work(row)
        except LostRace:
            log.info("request_lost_race")
    _sleep(row, guard)


def _work(row: SignedRequest) -> None:
    try:
        if row.state == R.PREPARED:
            _sign(row)
        if row.state == R.SIGNED:
            _send(row)
        elif row.state in (R.SENT, R.NEEDS_OPERATOR):
            _ask(row)
    except Held as held:
        note(row, held.sentence)
    except SignerError as error:
        note(row, str(error))


def _sign(row: SignedRequest) -> None:
    if ran_out(row):
        return _end(row, R.EXPIRED, "its time ran out before it was signed")
    try:
        return sign_request(row, load_signer(row.wallet))
    except PolicyRefusal as refusal:
        # What the failed transaction set in memory is not so.
        row.refresh_from_db(fields=["request_nonce", "state", "version"])
        return _end(row, R.REFUSED, f"policy: {refusal}")


def _send(row: SignedRequest) -> None:
    venue = find_venue(row.protocol)
    if venue is None:
        return
    if ran_out(row):
        _end(row, R.EXPIRED, "its time ran out before it was sent")
    else:
        send_request(row, venue)


def _ask(row: SignedRequest) -> None:
    venue = find_venue(row.protocol)
    if venue is None:
        note(row, f"{row.protocol} has no venue here that could be asked")
    else:
        ask_venue(row, venue)


def _end(row: SignedRequest, state: R, sentence: str) -> None:
    move(
        row,
        state,
        machine=SIGNED_REQUEST,
        actor=this_worker(),
        reason=sentence,
        detail=sentence[:500],
        wake_at=None,
    )


def _sleep(row: SignedRequest, guard: datetime) -> None:
    """Set when it is next looked at, unless somebody has asked for it meanwhile."""
    row.refresh_from_db()
    now = timezone.now()
    SignedRequest.objects.filter(pk=row.pk, wake_at=guard).update(wake_at=_next_turn(row, now))


def _next_turn(row: SignedRequest, now: datetime) -> datetime | None:
    if row.state in (R.SENT, R.NEEDS_OPERATOR):
        return now + next_look(row, now)
    waits = row.state == R.PREPARED or (row.state == R.SIGNED and find_venue(row.protocol))
    return now + LOOK_AGAIN if waits else None
