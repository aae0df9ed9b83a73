"""The console's pages of what chains say our wallets did."""

from typing import Any

from django.contrib import admin

from analytics.models import ChainScan, ChainTransaction, ChainTransfer
from scheduling.gates.figures import dollars
from wallets.console import show
from wallets.console.columns import choice, column, full, link, short, token_amount
from wallets.console.pages import ReadOnlyAdmin, section
from wallets.console.search import Exact


def _dollars(cents: int | None) -> Any:
    return show.flag("Unknown", "warning") if cents is None else dollars(cents)


def _in_explorer(row: Any) -> Any:
    return show.explorer(row.network, "tx", row.hash)


volume = column("Moved", lambda row: _dollars(row.volume_cents))
bridged = column("Bridged", lambda row: _dollars(row.bridged_cents))
fee = column("Fee", lambda row: _dollars(row.fee_cents))
amount = token_amount("amount", of="token")
explorer = column("Explorer", _in_explorer)


@admin.register(ChainTransaction)
class ChainTransactionAdmin(ReadOnlyAdmin):
    """What our wallets sent, whoever signed it."""

    list_display = (
        "block_at",
        link("wallet"),
        "network",
        short("hash"),
        short("recipient"),
        "protocol",
        "succeeded",
        volume,
        fee,
    )
    list_filter = ("network", "succeeded", "app", "source", "block_at")
    search_fields = ("wallet__label", "protocol")
    search_help_text = "Wallet, protocol, hash or address"
    exact = Exact(hashes=("hash",), addresses=("wallet__address", "recipient"), ids=())
    list_select_related = ("wallet", "network")
    ordering = ("-block_at", "-id")
    sortable_by = ("block_at",)
    fieldsets = (
        section(None, "wallet", "network", full("hash"), explorer, "succeeded"),
        section("What", full("recipient"), "selector", "value", "protocol", "action"),
        section("Told by", choice("source"), "to_contract", "app"),
        section("Worth", volume, bridged, fee, "fee"),
        section("Where", "block_number", "block_at", "nonce"),
    )


@admin.register(ChainTransfer)
class ChainTransferAdmin(ReadOnlyAdmin):
    """What came to our wallets and left them."""

    list_display = (
        "block_at",
        link("wallet"),
        "network",
        choice("direction"),
        amount,
        short("token_address"),
        short("counterparty"),
        short("hash"),
    )
    list_filter = ("network", "direction", "source", "block_at")
    search_fields = ("wallet__label", "token__symbol__iexact")
    search_help_text = "Wallet, symbol, hash or address"
    exact = Exact(
        hashes=("hash",),
        addresses=("wallet__address", "token_address", "counterparty"),
        ids=(),
    )
    list_select_related = ("wallet", "network", "token__network")
    ordering = ("-block_at", "-id")
    sortable_by = ("block_at",)
    fieldsets = (
        section(None, "wallet", "network", choice("direction"), amount, "token"),
        section("Where", full("hash"), explorer, "place", "block_number", "block_at"),
        section("With", full("counterparty"), full("token_address"), choice("source")),
    )


@admin.register(ChainScan)
class ChainScanAdmin(ReadOnlyAdmin):
    """Which blocks were read for which wallet."""

    list_display = ("id", link("wallet"), "network", "first_block", "last_block", "read_at")
    list_filter = ("network",)
    search_fields = ("wallet__label",)
    exact = Exact(addresses=("wallet__address",))
    list_select_related = ("wallet", "network")
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(None, "wallet", "network", "first_block", "last_block"),
        section("Last", "read_at", "final_at", "problem"),
    )
