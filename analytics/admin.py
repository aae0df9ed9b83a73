"""The console's pages of floor 4."""

from typing import Any

from django.contrib import admin

from analytics import alerts_admin as alerts_admin
from analytics import allocation_admin as allocation_admin
from analytics import (
    campaign_admin,  # noqa: F401 - pages of its own
    reports_admin,  # noqa: F401 - registers its pages
)
from analytics import chain_history_admin as chain_history_admin
from analytics import profit_admin as profit_admin
from analytics import rollup_admin as rollup_admin
from analytics.criteria_admin import AttestationAdmin as AttestationAdmin
from analytics.models import (
    CountedBalance,
    EquityPoint,
    LedgerCursor,
    LedgerEntry,
    Unbooked,
)
from scheduling.gates.figures import dollars
from wallets.console import show
from wallets.console.columns import badge, choice, column, full, link, token_amount
from wallets.console.pages import ReadOnlyAdmin, section
from wallets.console.search import Exact


def _cost(cents: int | None) -> Any:
    return "" if cents is None else dollars(cents)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    """The books."""

    list_display = (
        "id",
        link("wallet"),
        choice("kind"),
        token_amount("amount", of="token"),
        "token",
        choice("account"),
        badge("status"),
        link("transaction"),
        "occurred_at",
    )
    list_filter = ("kind", "account", "status", "token__network", "occurred_at")
    search_fields = ("wallet__label", "token__symbol__iexact")
    search_help_text = "Wallet, symbol, address, or number of a transaction"
    exact = Exact(
        hashes=("receipt__attempt__hash", "transfer__hash", "chain_transaction__hash"),
        addresses=("wallet__address", "token__address", "counterparty"),
        ids=("transaction_id",),
    )
    list_select_related = ("wallet", "token__network", "transaction")
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(
            None,
            "wallet",
            choice("kind"),
            token_amount("amount", of="token"),
            "token",
            badge("status"),
        ),
        section(
            "The other side",
            choice("account"),
            full("counterparty"),
            "protocol",
            "campaign",
            column("Said to have cost", lambda row: _cost(row.cost_cents)),
        ),
        section(
            "Caused by",
            "transaction",
            "receipt",
            "step",
            "transfer",
            "chain_transaction",
            "reason",
            "booked_by",
            "ordinal",
        ),
        section("Times", "block_number", "occurred_at", "booked_at"),
    )


def _dollars(cents: int | None) -> Any:
    return show.flag("Unknown", "warning") if cents is None else dollars(cents)


equity = column("All is worth", lambda row: _dollars(row.cents))
day_loss = column("Lost that day", lambda row: _dollars(row.loss_cents))


@admin.register(EquityPoint)
class EquityPointAdmin(ReadOnlyAdmin):
    """What all that is owned was worth, over time."""

    list_display = ("at", equity, day_loss, "problem")
    ordering = ("-at",)
    sortable_by = ("at",)
    fieldsets = (
        section(None, equity, "problem", day_loss, "loss_problem"),
        section("When", "at", "as_of"),
        section("Where it is, in US cents", "parts"),
    )


@admin.register(CountedBalance)
class CountedBalanceAdmin(ReadOnlyAdmin):
    """Since when balances are in what all is worth."""

    list_display = ("wallet", "token", token_amount("amount", of="token"), "at")
    list_select_related = ("wallet", "token__network")
    search_fields = ("wallet__label", "token__symbol")
    ordering = ("-at",)
    sortable_by = ("at",)
    fieldsets = (
        section(None, "wallet", "token", token_amount("amount", of="token")),
        section("Since", "at", "block_number"),
    )


@admin.register(LedgerCursor)
class LedgerCursorAdmin(ReadOnlyAdmin):
    """How far history has been read into the books."""

    list_display = ("name", "position")
    fieldsets = (section(None, "name", "position", "gaps", "version"),)


@admin.register(Unbooked)
class UnbookedAdmin(ReadOnlyAdmin):
    """Transactions the books could not take yet."""

    list_display = ("id", link("transaction"), "reason", "since", "retry_at")
    search_fields = ("reason",)
    exact = Exact(ids=("transaction_id",))
    list_select_related = ("transaction",)
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (section(None, "transaction", "reason", "since", "retry_at"),)
