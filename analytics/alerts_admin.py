"""The console's pages of alerts: what is wrong, of what nobody is told, what was sent."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextInputWidget

from analytics.alerts import services
from analytics.alerts.rules import RULES
from analytics.alerts.standing import standing
from analytics.models import Alert, AlertRule, JobMark, Notification, Silence
from wallets.console.asking import AskingAdmin, NothingToSay, Reason, Verb
from wallets.console.columns import badge, column, link
from wallets.console.pages import ReadOnlyAdmin, section
from wallets.console.search import Exact


class HowLong(Reason):
    """Why, and for how many hours."""

    hours = forms.IntegerField(
        min_value=1,
        max_value=24 * 365,
        initial=2,
        widget=UnfoldAdminTextInputWidget,
        help_text="Afterwards it is told of again, if it still holds.",
    )


def _silence(row: Alert, actor: str, reason: str, hours: int) -> str:
    until = timezone.now() + timedelta(hours=hours)
    made = services.silence_alert(alert=row, until=until, by=actor, reason=reason)
    return f"nobody is told until {made.until:%Y-%m-%d %H:%M} UTC"


def _is_open(row: Alert) -> bool:
    return row.state != Alert.State.RESOLVED


ACKNOWLEDGE = Verb(
    "acknowledge",
    "Acknowledge",
    "Somebody looks at it: it is not passed on to the next any more. It goes on to fire until it "
    "is over.",
    lambda row, actor: services.acknowledge(alert=row, actor=actor),
    lambda row: _is_open(row) and row.acknowledged_at is None,
    NothingToSay,
    button="Acknowledge it",
)
SILENCE = Verb(
    "silence",
    "Silence",
    "Nobody is told of this rule and subject for a while, not even when it is over.",
    _silence,
    _is_open,
    HowLong,
    button="Silence it",
)
LIFT = Verb(
    "lift",
    "Lift",
    "What it kept quiet and still holds is told of at the next look.",
    lambda row, actor: services.lift_silence(silence=row, actor=actor),
    lambda row: row.ended_at is None and row.until > timezone.now(),
    NothingToSay,
    button="Lift it",
)


def _title(row: Any) -> str:
    return RULES[row.rule].title if row.rule in RULES else row.rule


def _advice(row: Any) -> str:
    return RULES[row.rule].advice if row.rule in RULES else ""


@admin.register(Alert)
class AlertAdmin(AskingAdmin):
    """What is wrong, and was."""

    verbs = (ACKNOWLEDGE, SILENCE)
    list_display = (
        "id",
        badge("severity"),
        badge("state"),
        column("What", _title),
        "subject",
        "summary",
        "since",
        "acknowledged_by",
        "notified",
    )
    list_filter = ("state", "severity", "rule")
    search_fields = ("subject", "summary")
    exact = Exact(ids=("id",))
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(None, column("What", _title), "subject", badge("severity"), badge("state")),
        section("Said", "summary", column("What to do", _advice)),
        section("Times", "since", "fired_at", "announced_at", "resolved_at"),
        section("People", "acknowledged_by", "acknowledged_at", "level", "escalated_at"),
        section("Messages", "notified", "rule"),
    )

    def stands(self, row: Any) -> str:
        """What is wrong."""
        return str(row.summary)


@admin.register(Silence)
class SilenceAdmin(AskingAdmin):
    """Of what nobody is told."""

    verbs = (LIFT,)
    list_display = ("id", "rule", "subject", badge("severity"), "until", "by", "reason", "ended_at")
    list_filter = ("rule",)
    search_fields = ("subject", "reason", "by")
    exact = Exact(ids=("id",))
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(None, "rule", "subject", badge("severity"), "until", "reason"),
        section("People", "by", "created_at", "ended_by", "ended_at"),
    )

    def stands(self, row: Any) -> str:
        """Why."""
        return str(row.reason)


def _holds(row: AlertRule) -> str:
    if row.name not in RULES:
        return "no rule of this name"
    now = standing(RULES[row.name], row)
    limit = f"{now.threshold} {now.rule.unit}; " if now.rule.unit else ""
    return f"{limit}for {now.for_seconds} s; {now.severity}"


@admin.register(AlertRule)
class AlertRuleAdmin(ReadOnlyAdmin):
    """What was set otherwise than the code says; `manage.py alerts rules` shows all."""

    list_display = ("name", "enabled", column("Holds", _holds), "route", "changed_by", "changed_at")
    list_filter = ("enabled",)
    search_fields = ("name",)
    ordering = ("name",)
    sortable_by = ("name",)
    fieldsets = (
        section(None, "name", "enabled", "threshold", "for_seconds", "severity", "route"),
        section("Now", column("Holds", _holds), "changed_by", "changed_at"),
    )


@admin.register(JobMark)
class JobMarkAdmin(ReadOnlyAdmin):
    """What the rule about failing jobs compares with."""

    list_display = ("at", "ended", "failed")
    sortable_by = ("at",)
    fieldsets = (section(None, "at", "ended", "failed"),)


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    """What was sent to whom, and what was not."""

    list_display = (
        "id",
        link("alert"),
        badge("kind"),
        "channel",
        badge("state"),
        "tries",
        "created_at",
        "sent_at",
        "last_error",
    )
    list_filter = ("state", "channel", "kind")
    search_fields = ("title",)
    exact = Exact(ids=("alert_id",))
    list_select_related = ("alert",)
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(None, "alert", badge("kind"), badge("severity"), "channel", badge("state")),
        section("Message", "title", "text"),
        section("Sending", "tries", "due_at", "sent_at", "summarised", "last_error"),
    )
