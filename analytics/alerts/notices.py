"""The messages about alerts, written in the database transaction that changes them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from analytics.alerts.routes import contact, last_level, targets
from analytics.alerts.silences import silence_of, standing_silences
from analytics.alerts.standing import StandingRule
from analytics.models import Alert, Notification, Severity, Silence
from wallets import wakeups

SENDING = "notify"
Kind = Notification.Kind
_TOLD = ("announced_at", "escalated_at", "level", "notified")


def write(
    rules: Mapping[str, StandingRule],
    channels: Sequence[str],
    over: Sequence[Alert],
    now: datetime,
) -> int:
    """About what began, what nobody has acknowledged for long, and what is over; how many."""
    if not channels:
        return 0
    silences = list(standing_silences(now))
    firing = Alert.objects.filter(state=Alert.State.FIRING).order_by("pk")
    told = [row for row in firing if _tell(row, rules, silences, now)]
    made = [
        note for row in told for note in _notes(row, _kind_of(row), rules[row.rule], channels, now)
    ]
    for row in over:
        if row.rule in rules and _tell_end(row, rules[row.rule], silences):
            made += _notes(row, Kind.RESOLVED, rules[row.rule], channels, now)
    _count(told, made, now)
    Notification.objects.bulk_create(made, batch_size=200)
    for name in {note.channel for note in made}:
        wakeups.wake(SENDING, name)
    return len(made)


def _tell(
    row: Alert, rules: Mapping[str, StandingRule], silences: Sequence[Silence], now: datetime
) -> bool:
    """Whether there is something to say about one that fires; its level is the one to tell."""
    if row.rule not in rules or silence_of(row, silences):
        return False
    if row.announced_at is None:
        return True
    if not _is_due(row, now) or row.level >= last_level(rules[row.rule].route):
        return False
    row.level += 1
    return True


def _is_due(row: Alert, now: datetime) -> bool:
    """Critical, acknowledged by nobody, for so long."""
    patience = timedelta(minutes=settings.ALERT_ESCALATE_MINUTES)
    since = row.escalated_at or row.announced_at or now
    unseen = row.severity == Severity.CRITICAL and row.acknowledged_at is None
    return bool(patience) and unseen and now - since >= patience


def _tell_end(row: Alert, standing: StandingRule, silences: Sequence[Silence]) -> bool:
    told = row.announced_at is not None and standing.rule.resolves and standing.enabled
    return told and silence_of(row, silences) is None


def _kind_of(row: Alert) -> Kind:
    return Kind.FIRING if row.announced_at is None else Kind.ESCALATED


def _notes(
    row: Alert, kind: Kind, standing: StandingRule, channels: Sequence[str], now: datetime
) -> list[Notification]:
    ended = kind == Kind.RESOLVED
    # What a channel does not take, the others are told.
    failing = row.subject if row.rule == "channel_failing" else None
    able = [name for name in channels if name != failing]
    names = targets(standing.route, able, row.level, up_to=ended)
    title, text = _title(row, kind, standing), "\n".join(_lines(row, kind, standing))
    return [
        Notification(
            alert=row,
            kind=kind,
            severity=row.severity,
            channel=name,
            title=title[:200],
            text=text,
            created_at=now,
            due_at=now,
        )
        for name in names
    ]


def _title(row: Alert, kind: Kind, standing: StandingRule) -> str:
    word = row.severity if kind == Kind.FIRING else kind
    return _one_line(f"[{word}] {standing.rule.title}: {row.subject}")


def _lines(row: Alert, kind: Kind, standing: StandingRule) -> Iterator[str]:
    """In plain lines; whoever named a thing cannot add one."""
    yield _one_line(row.summary)
    if kind == Kind.RESOLVED:
        yield f"It is over, after {(row.resolved_at or row.since) - row.since}."
        return
    if standing.rule.tell is not None:
        yield standing.rule.tell(row.subject)
    yield standing.rule.advice
    yield f"Since {row.since:%Y-%m-%d %H:%M:%S} UTC."
    if row.severity == Severity.CRITICAL and (person := contact(row.level)):
        yield f"To call: {person}."
    if kind == Kind.ESCALATED:
        yield "Nobody has acknowledged it."
    yield f"`manage.py alerts ack {row.pk}` says that somebody looks at it."


def _count(told: Sequence[Alert], made: Sequence[Notification], now: datetime) -> None:
    """On the alerts, how many were written; one that nobody could be told of is told later."""
    counts: dict[int, int] = {}
    for note in made:
        counts[note.alert_id or 0] = counts.get(note.alert_id or 0, 0) + 1
    rows = [row for row in told if counts.get(row.pk)]
    for row in rows:
        row.announced_at = row.announced_at or now
        row.escalated_at = now
        row.notified += counts[row.pk]
    Alert.objects.bulk_update(rows, _TOLD, batch_size=200)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def write_test(*, channel: str, by: str, now: datetime) -> Notification:
    """One that says nothing but that the channel works."""
    with transaction.atomic():
        return Notification.objects.create(
            kind=Kind.TEST,
            severity=Severity.INFO,
            channel=channel,
            title="[test] Airdrops",
            text=f"A test of the channel {channel}, asked for by {by}. Nothing is wrong.",
            created_at=now,
            due_at=now,
        )
