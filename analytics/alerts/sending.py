"""Sending what was written, after it was committed: at least once, by one worker at a time."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils import timezone

from analytics.alerts.channels import Channel, ChannelsUnreadable, read_channels
from analytics.alerts.messages import NotSent, Outgoing, Sender
from analytics.alerts.senders import sender_of
from analytics.models import Notification, Severity
from wallets import tallies

log = structlog.get_logger(__name__)

State = Notification.State
# Longer than any job may take: whoever is killed in between leaves it to the next.
CLAIM = timedelta(seconds=90)
WINDOW, SUMMARY_EVERY = timedelta(minutes=10), timedelta(minutes=1)
# Of single messages one job sends so many: a channel that hangs must not outlast it.
_AT_ONCE, _MOST_SUMMARISED, _MOST_LINES = 3, 500, 40
_BACKOFF = (15, 30, 60, 120, 300, 600, 1_800, 3_600)
MOST_TRIES = len(_BACKOFF)
# The counter of messages, by channel and outcome.
MESSAGES = "alert_notifications"

SenderOf = Callable[[Channel], Sender]


def send_channel(name: str, *, sender_for: SenderOf = sender_of) -> int:
    """Send what is due for one channel, as far as its rate allows; how many were sent."""
    now = timezone.now()
    try:
        channel = read_channels().get(name)
    except ChannelsUnreadable:
        # An alert of its own says so; what was written waits.
        _due(name, now).update(due_at=now + SUMMARY_EVERY)
        return 0
    if channel is None:
        _due(name, now).update(state=State.FAILED, last_error="channel_removed")
        return 0
    sender = sender_for(channel)
    waiting = _due(name, now).count()
    left = settings.ALERT_RATE - _sent_lately(name, now)
    if waiting and left > 0:
        rows = _claim(name, now, min(left, _AT_ONCE))
        return sum(send_one(row, sender) for row in rows)
    if waiting and _may_summarise(name, now):
        return _send_summary(_claim(name, now, _MOST_SUMMARISED), sender)
    return 0


def send_one(row: Notification, sender: Sender) -> bool:
    """Try a claimed one; whether it was taken."""
    return _try([row], _message(row), sender)


def claim_row(row: Notification) -> Notification | None:
    """Take this one to send it now; None where another process has it."""
    found = _taken(Notification.objects.filter(pk=row.pk), timezone.now())
    return found[0] if found else None


def due_channels(now: datetime) -> list[str]:
    """Whose messages wait to be sent and may be."""
    waiting = Notification.objects.filter(_free(now)).order_by()
    names = waiting.values_list("channel", flat=True).distinct()
    return [name for name in names if _may_send(name, now)]


def _may_send(name: str, now: datetime) -> bool:
    return _sent_lately(name, now) < settings.ALERT_RATE or _may_summarise(name, now)


def _free(now: datetime) -> Q:
    unclaimed = Q(claimed_until=None) | Q(claimed_until__lt=now)
    return unclaimed & Q(state=State.PENDING, due_at__lte=now)


def _due(name: str, now: datetime) -> QuerySet[Notification]:
    return Notification.objects.filter(_free(now), channel=name)


def _sent_lately(name: str, now: datetime) -> int:
    rows = Notification.objects.filter(channel=name, state=State.SENT, sent_at__gt=now - WINDOW)
    return rows.filter(summarised=False).count()


def _may_summarise(name: str, now: datetime) -> bool:
    rows = Notification.objects.filter(channel=name, state=State.SENT, summarised=True)
    return not rows.filter(sent_at__gt=now - SUMMARY_EVERY).exists()


def _claim(name: str, now: datetime, most: int) -> list[Notification]:
    """Up to so many of the channel, the worst first, of which no other process sends one."""
    worst = Case(
        When(severity=Severity.CRITICAL, then=Value(0)),
        When(severity=Severity.WARNING, then=Value(1)),
        default=Value(2),
    )
    keys = list(_due(name, now).order_by(worst, "pk").values_list("pk", flat=True)[:most])
    return _taken(Notification.objects.filter(pk__in=keys), now)


def _taken(rows: QuerySet[Notification], now: datetime) -> list[Notification]:
    mine = uuid.uuid4()
    rows.filter(_free(now)).update(claim=mine, claimed_until=now + CLAIM, tries=F("tries") + 1)
    taken = Notification.objects.filter(claim=mine)
    # Whoever had the last try was killed at it, and so would be everybody after.
    worn = taken.filter(tries__gt=MOST_TRIES)
    with transaction.atomic():
        for channel in worn.values_list("channel", flat=True):
            _count(channel, State.FAILED, 1)
        fields = {"claim": None, "claimed_until": None, "last_error": "never_ended"}
        worn.update(state=State.FAILED, **fields)
    return list(taken.select_related("alert").order_by("pk"))


def _send_summary(rows: list[Notification], sender: Sender) -> int:
    if len(rows) < 2:
        return sum(send_one(row, sender) for row in rows)
    shown = [row.title for row in rows[:_MOST_LINES]]
    more = [f"and {len(rows) - _MOST_LINES} more"] if len(rows) > _MOST_LINES else []
    worst = {row.severity for row in rows}
    message = Outgoing(
        delivery=f"summary-{rows[0].pk}-{rows[-1].pk}",
        kind="summary",
        severity=next(one for one in reversed(Severity.values) if one in worst),
        title=f"[{len(rows)} messages] Airdrops",
        text="\n".join([*shown, *more, "`manage.py alerts list` shows what fires now."]),
        written_at=rows[0].created_at,
    )
    return len(rows) if _try(rows, message, sender, summarised=True) else 0


def _try(
    rows: list[Notification], message: Outgoing, sender: Sender, *, summarised: bool = False
) -> bool:
    """Send it and write down what became of it, unless the claim was lost meanwhile."""
    mine = Notification.objects.filter(
        pk__in=[row.pk for row in rows], claim=rows[0].claim, state=State.PENDING
    )
    try:
        sender(message)
    except NotSent as error:
        _failed(mine, rows, str(error)[:60])
        return False
    except Exception as error:
        # A library may fail with anything, and what it says may be an address.
        _failed(mine, rows, type(error).__name__[:60])
        return False
    with transaction.atomic():
        sent = mine.update(
            state=State.SENT,
            sent_at=timezone.now(),
            summarised=summarised,
            claim=None,
            claimed_until=None,
            last_error="",
        )
        _count(rows[0].channel, State.SENT, sent)
    log.info("notification_sent", channel=rows[0].channel, count=len(rows))
    return True


def _failed(mine: QuerySet[Notification], rows: list[Notification], kind: str) -> None:
    tries = min(row.tries for row in rows)
    with transaction.atomic():
        given_up = mine.filter(tries__gte=MOST_TRIES).update(
            state=State.FAILED, claim=None, claimed_until=None, last_error=kind
        )
        _count(rows[0].channel, State.FAILED, given_up)
    pause = timedelta(seconds=_BACKOFF[min(tries, MOST_TRIES) - 1])
    again = timezone.now() + pause
    mine.update(due_at=again, claim=None, claimed_until=None, last_error=kind)
    log.warning("notification_not_sent", channel=rows[0].channel, kind=kind, tries=tries)


def _count(channel: str, outcome: str, by: int) -> None:
    """In the transaction that ends the messages; the rows go with time, the count does not."""
    tallies.add(MESSAGES, {"channel": channel, "outcome": str(outcome)}, by)


def _message(row: Notification) -> Outgoing:
    alert = row.alert
    return Outgoing(
        delivery=str(row.pk),
        kind=row.kind,
        severity=row.severity,
        title=row.title,
        text=row.text,
        written_at=row.created_at,
        rule=alert.rule if alert else "",
        subject=alert.subject if alert else "",
        alert=row.alert_id,
    )
