"""The console's pages of backups, restores, cleanups and upkeep."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from airdrops_site.models import Operation, Restore
from airdrops_site.upkeep.planned import planned
from wallets.console import show
from wallets.console.columns import badge, column
from wallets.console.facts import as_facts, facts
from wallets.console.pages import ReadOnlyAdmin, section

_SHORT = timedelta(seconds=1)
_NEXT = {
    Restore.State.PAUSED: "Nothing is signed. `manage.py resume_state --check` asks the chain.",
    Restore.State.ASKED: "Nothing is signed. Read what was found; then `manage.py resume_state "
    "--confirm --reason …` lets it sign again.",
    Restore.State.RESUMED: "Nothing: it signs again.",
    Restore.State.SUPERSEDED: "Nothing: a later restore stands in its place.",
}


def _took(row: Operation) -> Any:
    if row.ended_at is None:
        return show.NOTHING
    taken = row.ended_at - row.started_at
    return "under 1 s" if taken < _SHORT else str(timedelta(seconds=round(taken.total_seconds())))


def _said(row: Operation) -> str:
    return Truncator(row.summary).chars(200)


took = column("Took", _took)


@admin.register(Operation)
class OperationAdmin(ReadOnlyAdmin):
    """Backups, restores, cleanups and upkeep, with what came out."""

    list_before_template: Any = "console/calendar.html"
    list_display = (
        "kind",
        badge("outcome"),
        "started_at",
        took,
        "by",
        column("What came out", _said),
    )
    list_filter = ("kind", "outcome")
    search_fields = ("summary", "location", "by")
    ordering = ("-started_at", "-id")
    nothing = (
        "Nothing was done yet. `manage.py upkeep calendar` says what workers do by themselves, "
        "and when; `manage.py backup_state` makes a backup now."
    )
    fieldsets = (
        section(None, "kind", badge("outcome"), "summary", "location"),
        section("Times", "started_at", "ended_at", took),
        section("Found", facts("figures")),
        section("By whom", "by", "host", "pid"),
    )

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With the calendar above what was done."""
        told = {"entries": planned(), "by_itself": settings.MAINTENANCE}
        page: HttpResponse = super().changelist_view(request, {**(extra_context or {}), **told})
        return page


def _next(row: Restore) -> SafeString:
    return show.prose(_NEXT[Restore.State(row.state)])


def _networks(row: Restore) -> str:
    """What each network said: what it knows and the backup did not, and what is in doubt."""
    found = row.findings.get("networks", {})
    return render_to_string("console/restore.html", {"networks": found.items()})


def _runs(row: Restore) -> SafeString:
    held = row.findings.get("runs_held", [])
    if not held:
        return show.NOTHING
    told = f"{len(held):,} were held for a person (restart or give up)"
    return show.list_of("scheduling_run", told, state__exact="needs_operator")


def _skipped(row: Restore) -> SafeString:
    return as_facts(row.findings.get("skipped", {}))


def _left(row: Restore) -> SafeString:
    return as_facts(row.left)


def _requests(row: Restore) -> SafeString:
    return as_facts(row.findings.get("requests", []))


@admin.register(Restore)
class RestoreAdmin(ReadOnlyAdmin):
    """Restored backups: what the chain held that they did not, and who let it sign again."""

    list_display = ("restored_at", badge("state"), "backup_made_at", "by", "resumed_at")
    list_filter = ("state",)
    search_fields = ("source", "by", "resumed_by")
    ordering = ("-restored_at", "-id")
    nothing = "This database was never restored from a backup."
    fieldsets = (
        section(None, badge("state"), column("What to do", _next), "source", "backup_made_at"),
        section("Since the backup", column("Skipped", _skipped), column("Runs", _runs)),
        section("What the chain said", "asked_at", column("Networks", _networks)),
        section("Requests to exchanges", column("Requests", _requests)),
        section("People", "restored_at", "by", "resumed_at", "resumed_by"),
        section("Networks left paused by the resume", column("Left paused", _left)),
        section("Installation", "previous_installation", "installation"),
    )
