"""The console's pages of sums of hours and days."""

from django.contrib import admin

from analytics.models import Rollup, RollupDirt, RollupMark
from wallets.console.columns import choice
from wallets.console.pages import ReadOnlyAdmin, section


@admin.register(Rollup)
class RollupAdmin(ReadOnlyAdmin):
    """What each hour and day came to."""

    list_display = (
        "starts_at",
        choice("metric"),
        choice("period"),
        "network",
        "protocol",
        "token",
        "subject",
        "outcome",
        "count",
        "unknown",
        "total",
        "last",
    )
    list_filter = ("metric", "period")
    search_fields = ("network", "protocol", "subject")
    ordering = ("-starts_at", "metric", "id")
    sortable_by = ("starts_at",)
    fieldsets = (
        section(None, choice("metric"), choice("period"), "starts_at"),
        section("Of", "network", "protocol", "token", "wallet", "subject", "outcome"),
        section("Numbers", "count", "unknown", "total", "low", "high"),
        section("By time", "first", "first_at", "last", "last_at"),
    )


@admin.register(RollupMark)
class RollupMarkAdmin(ReadOnlyAdmin):
    """How far each metric is."""

    list_display = (choice("metric"), "done_until", "cleaned_until")
    ordering = ("metric",)
    fieldsets = (
        section(None, choice("metric"), "done_until", "cleaned_until"),
        section("Late rows", "seen", "next_seen", "next_seen_at"),
    )


@admin.register(RollupDirt)
class RollupDirtAdmin(ReadOnlyAdmin):
    """Hours that wait to be added up again."""

    list_display = ("id", choice("metric"), "hour")
    list_filter = ("metric",)
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (section(None, choice("metric"), "hour"),)
