"""Pages of the readings of allowances; the allowances' own page is floor 3's, which takes back."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from wallets.allowance_coverage import coverage_of
from wallets.console import show
from wallets.console.columns import column, full, link
from wallets.console.pages import ReadOnlyAdmin, section
from wallets.console.search import Exact
from wallets.models import AllowanceScan, Network

progress = column(
    "State",
    lambda row: (
        show.flag("Done", "success") if row.finished_at else show.flag("Under way", "warning")
    ),
)
unknown = column(
    "Unknown",
    lambda row: show.flag(str(row.unknown), "warning") if row.unknown else "0",
)


@admin.register(AllowanceScan)
class AllowanceScanAdmin(ReadOnlyAdmin):
    """Readings of every wallet, token and known spender of a network."""

    list_before_template: Any = "console/coverage.html"
    list_display = (
        "id",
        link("network"),
        progress,
        "block_number",
        "block_at",
        "finished_at",
        "asked",
        "found",
        unknown,
    )
    list_filter = ("network",)
    exact = Exact(hashes=("block_hash",), ids=("id", "block_number"))
    list_select_related = ("network",)
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(None, "network", progress, "block_number", full("block_hash"), "block_at"),
        section("Reading", "begun_at", "finished_at", "asked", "found", unknown),
        section("Spenders", column("Asked about", lambda row: ", ".join(row.spenders) or "none")),
    )

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """With what no reading has asked about."""
        coverage = coverage_of(Network.objects.filter(enabled=True))
        more = {**(extra_context or {}), "coverage": coverage}
        return super().changelist_view(request, more)
