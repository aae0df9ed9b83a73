"""Pages of what wallets hold, and of what they should hold."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from wallets.console import show
from wallets.console.columns import column, full, link, token_amount
from wallets.console.filters import UnderMinimumFilter
from wallets.console.pages import ConsoleAdmin, ReadOnlyAdmin, section
from wallets.console.search import Exact
from wallets.models import Balance, BalancePoint, BalanceSnapshot, MinimumBalance

held = column("Balance", lambda row: show.holding(row.amount, row.token))
at_block = column("At block", lambda row: row.snapshot.block_number)
of_network = column("Network", lambda row: row.token.network)


@admin.register(Balance)
class BalanceAdmin(ReadOnlyAdmin):
    """What wallets hold, as last read from the chain."""

    list_display = (
        link("wallet"),
        of_network,
        held,
        at_block,
        column("Read", lambda row: row.snapshot.taken_at),
    )
    list_filter = (UnderMinimumFilter, "token__network", "token__symbol")
    search_fields = ("wallet__label", "token__symbol")
    exact = Exact(addresses=("wallet__address", "token__address"))
    linked_by = ("wallet__id__exact", "token__id__exact")
    list_select_related = ("wallet", "token__network", "snapshot")
    ordering = ("wallet__label", "token__symbol", "id")
    fieldsets = (
        section(None, "wallet", "token", of_network, held),
        section("As of", at_block, "snapshot"),
    )


@admin.register(BalanceSnapshot)
class BalanceSnapshotAdmin(ReadOnlyAdmin):
    """Readings that changed something, and the latest."""

    list_display = (
        "id",
        link("network"),
        "block_number",
        "block_at",
        "taken_at",
        "read",
        "unknown",
    )
    list_filter = ("network",)
    exact = Exact(hashes=("block_hash",), ids=("id", "block_number"))
    list_select_related = ("network",)
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(None, "network", "block_number", full("block_hash"), "block_at"),
        section("Reading", "taken_at", "read", "unknown"),
    )


@admin.register(BalancePoint)
class BalancePointAdmin(ReadOnlyAdmin):
    """The history: each balance that a reading found changed."""

    list_display = ("id", link("wallet"), of_network, held, at_block)
    exact = Exact(addresses=("wallet__address", "token__address"), ids=("id",))
    linked_by = ("wallet__id__exact", "token__id__exact")
    list_select_related = ("wallet", "token__network", "snapshot")
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (section(None, "wallet", "token", of_network, held, "snapshot"),)


def _covered(row: MinimumBalance) -> Any:
    named = row.wallet or row.tag or row.group
    return show.page_of(named, row.covers) if named else row.covers


@admin.register(MinimumBalance)
class MinimumBalanceAdmin(ConsoleAdmin):
    """Below these somebody is told."""

    list_display = (
        "id",
        column("Of", lambda row: _covered(row)),
        link("token"),
        token_amount("amount", of="token", title="Minimum"),
        "enabled",
        "note",
    )
    list_filter = ("enabled", "token__network")
    search_fields = ("wallet__label", "tag__name", "group__name", "token__symbol", "note")
    exact = Exact(addresses=("wallet__address", "token__address"), ids=("id",))
    list_select_related = ("wallet", "tag", "group", "token__network")
    autocomplete_fields = ("wallet", "tag", "group", "token")
    fieldsets = (
        section(None, "wallet", "tag", "group", "token"),
        section("Number", "amount", token_amount("amount", of="token", title="As read"), "enabled"),
        section("Note", "note"),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The number is in base units of the token, so the token stays."""
        fixed = ("token",) if obj else ()
        return (*fixed, *super().get_readonly_fields(request, obj))
