"""Pages of prices and of where they come from."""

from django.contrib import admin

from wallets.console import show
from wallets.console.columns import choice, column, full, link, short
from wallets.console.pages import ReadOnlyAdmin, section
from wallets.console.search import Exact
from wallets.models import Price, PriceFeed, PricePoint
from wallets.prices import is_stale, price_text

said = column("US dollars", lambda row: price_text(row.amount, row.decimals))
freshness = column(
    "Counts",
    lambda row: show.flag("Stale", "warning") if is_stale(row) else show.flag("Fresh", "success"),
)


@admin.register(Price)
class PriceAdmin(ReadOnlyAdmin):
    """What each source last said; a stale price counts as unknown."""

    list_display = (link("token"), said, choice("source", "Source"), freshness, "at", "stale_at")
    list_filter = ("source", "token__network")
    search_fields = ("token__symbol",)
    exact = Exact(addresses=("token__address",))
    list_select_related = ("token__network",)
    ordering = ("token__symbol", "token_id", "source")
    fieldsets = (
        section(None, "token", said, choice("source", "Source"), freshness),
        section("When", "at", "read_at", "stale_at"),
        section("Where", "detail"),
    )


@admin.register(PricePoint)
class PricePointAdmin(ReadOnlyAdmin):
    """What prices were, at most one in five minutes of each source."""

    list_display = ("id", link("token"), said, choice("source", "Source"), "at")
    list_filter = ("source", "token__network")
    search_fields = ("token__symbol",)
    exact = Exact(addresses=("token__address",))
    list_select_related = ("token__network",)
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (section(None, "token", said, choice("source", "Source"), "at"),)


@admin.register(PriceFeed)
class PriceFeedAdmin(ReadOnlyAdmin):
    """Chainlink feeds; added by `manage.py prices feed`, which looks at the contract first."""

    list_display = (
        link("token"),
        link("network"),
        short("address"),
        "heartbeat_seconds",
        "enabled",
    )
    list_filter = ("network", "enabled")
    search_fields = ("token__symbol",)
    exact = Exact(addresses=("address", "token__address"))
    list_select_related = ("token__network", "network")
    fieldsets = (
        section(None, "token", "network", full("address"), "heartbeat_seconds", "enabled"),
        section("Where it is published", "source"),
    )
