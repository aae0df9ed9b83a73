"""What a person does about alerts: acknowledge, silence, set rules otherwise, try a channel."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from analytics.alerts.channels import ChannelsUnreadable, read_channels
from analytics.alerts.notices import write_test
from analytics.alerts.routes import steps_of
from analytics.alerts.rules import RULES
from analytics.alerts.senders import sender_of
from analytics.alerts.sending import SenderOf, claim_row, send_one
from analytics.models import Alert, AlertRule, Notification, Severity, Silence
from wallets.transactions.operator import NotPossible
from wallets.transitions import recorded

RULE_HISTORY = "alert_rule"
LONGEST = timedelta(days=365)
_MOST_SECONDS = 30 * 86_400
_MOST_THRESHOLD = 2**63 - 1


def acknowledge(*, alert: Alert, actor: str) -> None:
    """Somebody looks at it: it is not passed on any more. NotPossible."""
    done = (
        Alert.objects.filter(pk=alert.pk, acknowledged_at=None)
        .exclude(state=Alert.State.RESOLVED)
        .update(acknowledged_at=timezone.now(), acknowledged_by=actor)
    )
    if done:
        return
    now = Alert.objects.get(pk=alert.pk)
    if now.state == Alert.State.RESOLVED:
        raise NotPossible(f"alert {now.pk} is over; there is nothing to acknowledge")
    raise NotPossible(f"alert {now.pk} was acknowledged by {now.acknowledged_by}")


def silence(
    *,
    until: datetime,
    by: str,
    reason: str,
    rule: str = "",
    subject: str = "",
    severity: str = "",
) -> Silence:
    """Tell nobody of what matches until then; what still fires afterwards is told. NotPossible."""
    now = timezone.now()
    if not now < until <= now + LONGEST:
        raise NotPossible("a silence ends in the future, within a year")
    if rule:
        require_rule(rule)
    if severity not in ("", *Severity.values):
        raise NotPossible(f"a severity is one of {', '.join(Severity.values)}")
    if not (rule or subject or severity):
        raise NotPossible("say what to be silent of: an alert, a rule, a subject or a severity")
    if not reason.strip():
        raise NotPossible("a silence says why")
    return Silence.objects.create(
        rule=rule, subject=subject, severity=severity, until=until, by=by, reason=reason.strip()
    )


def silence_alert(*, alert: Alert, until: datetime, by: str, reason: str) -> Silence:
    """Tell nobody of this rule and subject."""
    matchers = {"rule": alert.rule, "subject": alert.subject}
    return silence(until=until, by=by, reason=reason, **matchers)


def lift_silence(*, silence: Silence, actor: str) -> None:
    """End it now. NotPossible."""
    now = timezone.now()
    standing = Silence.objects.filter(pk=silence.pk, ended_at=None, until__gt=now)
    if not standing.update(ended_at=now, ended_by=actor):
        raise NotPossible(f"silence {silence.pk} is over already")


def require_rule(name: str) -> None:
    """NotPossible unless there is one."""
    if name not in RULES:
        raise NotPossible(f"there is no rule {name}; `manage.py alerts rules` shows them")


def set_rule(*, name: str, changes: Mapping[str, Any], actor: str, reason: str) -> AlertRule:
    """Set it otherwise from the next look on; None brings back what the code says. NotPossible."""
    require_rule(name)
    _require_sensible(name, changes)
    values = {
        field: ("" if value is None and field in ("severity", "route") else value)
        for field, value in changes.items()
    }
    with transaction.atomic():
        row, _ = AlertRule.objects.select_for_update().get_or_create(name=name)
        before = _words(row)
        for field, value in values.items():
            setattr(row, field, value)
        row.changed_by = actor
        row.save()
        after = _words(row)
        told = f"{before} → {after}; {reason}"[:300]
        recorded(RULE_HISTORY, row.pk, before[:20], after[:20], actor=actor, reason=told)
    return row


def _words(row: AlertRule) -> str:
    found = (row.threshold, row.for_seconds, row.severity or None, row.route or None)
    return ", ".join(("on" if row.enabled else "off", *map(str, filter(None, found))))


def _require_sensible(name: str, changes: Mapping[str, Any]) -> None:
    rule = RULES[name]
    threshold, seconds = changes.get("threshold"), changes.get("for_seconds")
    if threshold is not None and not rule.unit:
        raise NotPossible(f"the rule {name} has no threshold")
    if threshold is not None and not 0 <= threshold <= _MOST_THRESHOLD:
        raise NotPossible("a threshold is a whole number, 0 or more")
    if seconds is not None and not 0 <= seconds <= _MOST_SECONDS:
        raise NotPossible(f"an alert waits 0 to {_MOST_SECONDS} seconds")
    if changes.get("severity") not in (None, "", *Severity.values):
        raise NotPossible(f"a severity is one of {', '.join(Severity.values)}")
    if len(changes.get("route") or "") > 300:
        raise NotPossible("a route has at most 300 characters")


def require_route(route: str) -> None:
    """NotPossible where a route names what is no channel here; only who may read them asks."""
    try:
        names = read_channels()
    except ChannelsUnreadable as error:
        raise NotPossible(str(error)) from None
    missing = [one for step in steps_of(route) for one in step if one not in names]
    if missing:
        raise _no_channel(", ".join(missing), names)


def send_test(*, channel: str, by: str, sender_for: SenderOf = sender_of) -> Notification:
    """Really send a message to the channel, now; the row says what became of it. NotPossible."""
    try:
        channels = read_channels()
    except ChannelsUnreadable as error:
        raise NotPossible(str(error)) from None
    if channel not in channels:
        raise _no_channel(channel, channels)
    row = write_test(channel=channel, by=by, now=timezone.now())
    if claimed := claim_row(row):
        send_one(claimed, sender_for(channels[channel]))
    row.refresh_from_db()
    return row


def _no_channel(name: str, known: Iterable[str]) -> NotPossible:
    names = ", ".join(known) or "none"
    return NotPossible(f"there is no channel {name}; AIRDROPS_ALERT_CHANNELS has {names}")
