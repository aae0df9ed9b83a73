"""Exchange orders that the backup has not sent: the venue is asked for their client ids."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import timezone

from wallets.models import SignedRequest
from wallets.requests.venues import VenueAnswer, VenueUnknown, find_venue
from wallets.transactions.machine import SIGNED_REQUEST
from wallets.transactions.states import RequestState as R
from wallets.transitions import move


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of an unsent request: `done`, `open` (it may go out), or `held`."""

    request: int
    answer: str
    sentence: str


def ask_unsent(*, actor: str) -> list[Asked]:
    """Ask for everything that is prepared or signed; what nobody answers for is left held.

    A held one is looked at by no worker: a person cancels it, or has it asked for again.
    """
    rows = SignedRequest.objects.filter(state__in=(R.PREPARED, R.SIGNED)).order_by("pk")
    return list(_ask_each(rows.iterator(), actor))


def _ask_each(rows: Iterator[SignedRequest], actor: str) -> Iterator[Asked]:
    for row in rows:
        venue = find_venue(row.protocol)
        if venue is None and row.network_id is not None:
            # Used on chain, sent nowhere: a second signature of the same message is the same.
            yield Asked(row.pk, "open", "it is sent nowhere")
            continue
        try:
            if venue is None:
                raise VenueUnknown(f"{row.protocol} has no venue here")
            answer = venue.find(row)
        except VenueUnknown as error:
            yield _hold(row, str(error))
            continue
        yield _may_go(row) if answer is None else _is_done(row, answer, actor)


def _hold(row: SignedRequest, why: str) -> Asked:
    sentence = f"held after a restore, the venue does not say whether it has it: {why}"
    SignedRequest.objects.filter(pk=row.pk).update(wake_at=None, detail=sentence[:500])
    return Asked(row.pk, "held", sentence)


def _may_go(row: SignedRequest) -> Asked:
    SignedRequest.objects.filter(pk=row.pk, wake_at=None).update(wake_at=timezone.now())
    return Asked(row.pk, "open", "the venue does not know it")


def _is_done(row: SignedRequest, answer: VenueAnswer, actor: str) -> Asked:
    """One without a signature here cannot be acknowledged: it ends, and its run asks a person."""
    told = f"the venue has it since before the restore: {answer.sentence}"
    if row.state == R.PREPARED:
        move(
            row,
            R.CANCELLED,
            machine=SIGNED_REQUEST,
            actor=actor,
            reason=told,
            detail=told[:500],
            answer=answer.body,
            wake_at=None,
        )
        return Asked(row.pk, "done", told)
    now = timezone.now()
    move(row, R.SENT, machine=SIGNED_REQUEST, actor=actor, times_sent=1, last_sent_at=now)
    to = R.ACKNOWLEDGED if answer.accepted else R.REJECTED
    move(
        row,
        to,
        machine=SIGNED_REQUEST,
        actor=actor,
        reason=told,
        detail=told[:500],
        answer=answer.body,
        wake_at=None,
    )
    return Asked(row.pk, "done", told)
