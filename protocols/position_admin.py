"""The console's pages of what wallets have inside protocols."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from protocols.models import PositionReading, PositionRow
from wallets.console import show
from wallets.console.columns import column, full, link, short
from wallets.console.pages import ReadOnlyAdmin, ReadOnlyInline, section
from wallets.console.search import Exact


def _factor(row: PositionReading) -> Any:
    if not row.health_known:
        return show.flag("Unknown", "warning")
    if row.health_factor is None:
        return "nothing is owed"
    return f"{row.health_factor // 10_000}.{row.health_factor % 10_000:04}"


factor = column("Health factor", _factor)
state = column(
    "State",
    lambda row: show.flag("Known", "success") if row.whole else show.flag("Unknown", "warning"),
)


class PositionInline(ReadOnlyInline):
    """What was found."""

    model = PositionRow
    fields = ("kind", short("token"), "token_known", "amount", "what")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PositionRow]:
        """In the order in which the adapter said it."""
        rows: QuerySet[PositionRow] = super().get_queryset(request)
        return rows.order_by("id")


@admin.register(PositionReading)
class PositionReadingAdmin(ReadOnlyAdmin):
    """When each wallet's positions were last read; a reading that fails keeps what was known."""

    list_display = (
        link("wallet"),
        link("protocol"),
        link("network"),
        state,
        factor,
        "problem",
        "read_at",
    )
    list_filter = ("whole", "protocol", "network")
    search_fields = ("wallet__label",)
    exact = Exact(addresses=("wallet__address",))
    list_select_related = ("wallet", "protocol", "network")
    ordering = ("id",)
    inlines = (PositionInline,)
    fieldsets = (
        section(None, "wallet", "protocol", "network", state, factor, "problem"),
        section("When", "read_at", "changed_at", "look_at"),
    )


@admin.register(PositionRow)
class PositionRowAdmin(ReadOnlyAdmin):
    """Parts of readings."""

    list_display = ("id", link("reading"), "kind", short("token"), "amount", "what")
    list_filter = ("kind",)
    search_fields = ("reading__wallet__label",)
    exact = Exact(addresses=("token",))
    list_select_related = ("reading__wallet", "reading__protocol", "reading__network")
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (section(None, "reading", "kind", full("token"), "token_known", "amount", "what"),)
