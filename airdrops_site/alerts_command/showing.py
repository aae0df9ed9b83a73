"""What `manage.py alerts` shows: alerts, rules, channels, messages."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from airdrops_site.answers import Answer, BadInput, table
from analytics.alerts.channels import ChannelsUnreadable, read_channels
from analytics.alerts.rules import RULES
from analytics.alerts.selectors import firing_alerts
from analytics.alerts.silences import silence_of, standing_silences
from analytics.alerts.standing import StandingRule, standing_rules
from analytics.models import Alert, Notification, Silence

_COLUMNS = ("Alert", "Severity", "State", "Rule", "Subject", "Said", "Since", "Seen by", "Silent")
_SILENCES = ("Silence", "Rule", "Subject", "Severity", "Until", "By", "Reason")
_RULES = ("Rule", "On", "Severity", "Threshold", "Unit", "For s", "Route", "Means")
_MESSAGES = ("Message", "Alert", "Kind", "Channel", "State", "Tries", "Written", "Sent", "Failure")


def show_open(options: dict[str, Any]) -> Answer:
    """What fires now, with what keeps it quiet."""
    rows = firing_alerts()
    if options["pending"]:
        rows = Alert.objects.exclude(state=Alert.State.RESOLVED)
    return _alerts("Open alerts", rows.order_by("-id")[: options["limit"]])


def show_history(options: dict[str, Any]) -> Answer:
    """What was, the newest first."""
    rows = Alert.objects.exclude(state=Alert.State.PENDING).order_by("-id")
    if options["rule"]:
        require_rule(options["rule"])
        rows = rows.filter(rule=options["rule"])
    return _alerts("Alerts", rows[: options["limit"]])


def show_one(options: dict[str, Any]) -> Answer:
    """One, with what to do and the messages about it."""
    row = the_alert(options["alert"])
    silences = list(standing_silences(timezone.now()))
    facts = facts_of(row, silence_of(row, silences))
    rule = RULES.get(row.rule)
    messages = [_message(one) for one in row.notifications.order_by("pk")]
    facts |= {
        "title": rule.title if rule else row.rule,
        "advice": rule.advice if rule else "",
        "resolved_at": _time(row.resolved_at),
        "level": row.level,
        "messages": messages,
    }
    said = [f"{facts['title']}: {row.subject} ({row.severity}, {row.state})", row.summary]
    said += [facts["advice"]] if facts["advice"] else []
    if row.acknowledged_by:
        said.append(f"acknowledged by {row.acknowledged_by}")
    return Answer(facts, (*said, table("Messages", _MESSAGES, map(_texts, messages))))


def show_rules(_options: dict[str, Any]) -> Answer:
    """All, as they hold now."""
    facts = [_rule(one) for one in standing_rules().values()]
    return Answer(facts, (table("Rules", _RULES, map(_texts, facts)),))


def show_silences(options: dict[str, Any]) -> Answer:
    """Those that hold."""
    rows = standing_silences(timezone.now()).order_by("until")[: options["limit"]]
    facts = [silence_facts(row) for row in rows]
    return Answer(facts, (table("Silences", _SILENCES, map(_texts, facts)),))


def show_channels(_options: dict[str, Any]) -> Answer:
    """By name and kind; where they lead is nobody's business."""
    try:
        channels = read_channels()
    except ChannelsUnreadable as error:
        raise BadInput(str(error)) from None
    facts = [{"channel": one.name, "kind": one.kind} for one in channels.values()]
    return Answer(facts, (table("Channels", ("Channel", "Kind"), map(_texts, facts)),))


def show_messages(options: dict[str, Any]) -> Answer:
    """What was sent and what was not, the newest first."""
    rows = Notification.objects.order_by("-id")
    if options["failed"]:
        rows = rows.filter(state=Notification.State.FAILED)
    facts = [_message(row) for row in rows[: options["limit"]]]
    return Answer(facts, (table("Messages", _MESSAGES, map(_texts, facts)),))


def the_alert(number: int) -> Alert:
    """The one of this number, or BadInput."""
    row = Alert.objects.filter(pk=number).first()
    if row is None:
        raise BadInput(f"there is no alert {number}; `alerts list` and `alerts history` show them")
    return row


def require_rule(name: str) -> None:
    """BadInput unless there is such a rule."""
    if name not in RULES:
        raise BadInput(f"there is no rule {name}; `alerts rules` shows them")


def facts_of(row: Alert, silence: Silence | None) -> dict[str, Any]:
    """One alert, for programs."""
    return {
        "alert": row.pk,
        "severity": row.severity,
        "state": row.state,
        "rule": row.rule,
        "subject": row.subject,
        "summary": row.summary,
        "since": _time(row.since),
        "acknowledged_by": row.acknowledged_by,
        "silenced_until": _time(silence.until) if silence else None,
    }


def silence_facts(row: Silence) -> dict[str, Any]:
    """One silence, for programs."""
    return {
        "silence": row.pk,
        "rule": row.rule,
        "subject": row.subject,
        "severity": row.severity,
        "until": _time(row.until),
        "by": row.by,
        "reason": row.reason,
    }


def _alerts(title: str, rows: Any) -> Answer:
    silences = list(standing_silences(timezone.now()))
    facts = [facts_of(row, silence_of(row, silences)) for row in rows]
    return Answer(facts, (table(title, _COLUMNS, map(_texts, facts)),))


def _rule(one: StandingRule) -> dict[str, Any]:
    return {
        "rule": one.rule.name,
        "enabled": one.enabled,
        "severity": str(one.severity),
        "threshold": one.threshold if one.rule.unit else None,
        "unit": one.rule.unit,
        "for_seconds": one.for_seconds,
        "route": one.route,
        "title": one.rule.title,
    }


def _message(row: Notification) -> dict[str, Any]:
    return {
        "message": row.pk,
        "alert": row.alert_id,
        "kind": row.kind,
        "channel": row.channel,
        "state": row.state,
        "tries": row.tries,
        "written_at": _time(row.created_at),
        "sent_at": _time(row.sent_at),
        "failure": row.last_error,
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _texts(facts: dict[str, Any]) -> tuple[str, ...]:
    return tuple("" if value is None else str(value) for value in facts.values())
