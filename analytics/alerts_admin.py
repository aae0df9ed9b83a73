"""The console's pages of alerts: what is wrong, of what nobody is told, what was sent."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator
from unfold.widgets import UnfoldAdminTextInputWidget

from analytics.alerts import services
from analytics.alerts.guides import page_of
from analytics.alerts.rules import RULES
from analytics.alerts.standing import StandingRule, standing, standing_rules
from analytics.models import Alert, AlertRule, JobMark, Notification, Silence
from wallets.console import show
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


def _advice(row: Any) -> Any:
    return show.prose(RULES[row.rule].advice) if row.rule in RULES else show.NOTHING


def _guide(row: Any) -> Any:
    name = page_of(row.rule)
    return show.link_to(reverse("guide", args=[name]), name) if name else show.NOTHING


def _said(row: Alert) -> str:
    return Truncator(row.summary).chars(160)


def _told(row: Alert) -> str:
    return f"{row.notified} message{'' if row.notified == 1 else 's'}" if row.notified else "nobody"


def _messages(row: Alert) -> Any:
    return show.list_of("analytics_notification", _told(row), q=row.pk)


what = column("What", _title)
advice = column("What to do", _advice)


@admin.register(Alert)
class AlertAdmin(AskingAdmin):
    """What is wrong, and was."""

    verbs = (ACKNOWLEDGE, SILENCE)
    list_display = (
        what,
        badge("severity"),
        badge("state"),
        "subject",
        column("Said", _said),
        "since",
        column("Seen by", lambda row: row.acknowledged_by or show.NOTHING),
        column("Told", _told),
    )
    nothing = "Nothing is wrong, as far as the workers look, and nothing was."
    list_filter = ("state", "severity", "rule")
    search_fields = ("subject", "summary")
    exact = Exact(ids=("id",))
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(None, what, "subject", badge("severity"), badge("state")),
        section("Said", "summary", advice, column("More about it", _guide)),
        section("Times", "since", "fired_at", "announced_at", "resolved_at"),
        section("People", "acknowledged_by", "acknowledged_at", "level", "escalated_at"),
        section("Messages", column("Told", _messages), "rule"),
    )

    def stands(self, row: Any) -> str:
        """What is wrong."""
        return str(row.summary)


def _silenced(row: Silence) -> str:
    title = RULES[row.rule].title if row.rule in RULES else row.rule
    return ", ".join(filter(None, (title, row.subject, row.get_severity_display()))) or "all"


def _silence_now(row: Silence) -> Any:
    if row.ended_at:
        return show.flag("lifted", "plain")
    return (
        show.flag("quiet", "warning") if row.until > timezone.now() else show.flag("over", "plain")
    )


@admin.register(Silence)
class SilenceAdmin(AskingAdmin):
    """Of what nobody is told."""

    verbs = (LIFT,)
    list_display = (
        column("Of", _silenced),
        column("Now", _silence_now),
        "until",
        "by",
        "reason",
    )
    nothing = "Nothing is kept quiet. An alert's page offers to silence it."
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


def when(rule: StandingRule) -> str:
    """`more than 300 percent of what is usual, held for 60 s`."""
    what, _, than = rule.rule.unit.partition(", ")
    limit = f"{than} {rule.threshold:,} {what}".strip() if what else ""
    held = f"held for {rule.for_seconds:,} s" if rule.for_seconds else ""
    return ", ".join(filter(None, (limit, held))) or "as soon as it holds"


def _holds(row: AlertRule) -> str:
    if row.name not in RULES:
        return "no rule of this name"
    now = standing(RULES[row.name], row)
    return f"{when(now)}; {now.severity}"


def rule_lines() -> list[dict[str, Any]]:
    """Every rule, for the page of rules."""
    return [
        {
            "name": name,
            "title": one.rule.title,
            "enabled": one.enabled,
            "severity": one.severity,
            "when": when(one),
            "route": one.route,
            "guide": page_of(name),
        }
        for name, one in standing_rules().items()
    ]


@admin.register(AlertRule)
class AlertRuleAdmin(ReadOnlyAdmin):
    """All rules as they hold, and what was set otherwise than the code says."""

    list_before_template: Any = "console/alert_rules.html"
    nothing = "All rules hold as the code says."

    list_display = ("name", "enabled", column("Holds", _holds), "route", "changed_by", "changed_at")
    list_filter = ("enabled",)
    search_fields = ("name",)
    ordering = ("name",)
    sortable_by = ("name",)
    fieldsets = (
        section(None, "name", "enabled", "threshold", "for_seconds", "severity", "route"),
        section("Now", column("Holds", _holds), "changed_by", "changed_at"),
    )

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With every rule above what was set."""
        context = {**(extra_context or {}), "rules": rule_lines()}
        page: HttpResponse = super().changelist_view(request, context)
        return page


@admin.register(JobMark)
class JobMarkAdmin(ReadOnlyAdmin):
    """What the rule about failing jobs compares with."""

    list_display = ("at", "ended", "failed")
    sortable_by = ("at",)
    fieldsets = (section(None, "at", "ended", "failed"),)


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    """What was sent to whom, and what was not."""

    nothing = (
        "Nothing was sent. AIRDROPS_ALERT_CHANNELS names whom there is to tell; "
        "`manage.py alerts test` tries them."
    )
    list_display = (
        "title",
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
        section(None, link("alert"), badge("kind"), badge("severity"), "channel", badge("state")),
        section("Message", "title", "text"),
        section("Sending", "tries", "due_at", "sent_at", "summarised", "last_error"),
    )
