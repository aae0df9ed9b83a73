"""The console's pages of floor 4."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from analytics import allocation_admin as allocation_admin
from analytics import reports_admin  # noqa: F401 - registers its pages
from analytics import rollup_admin as rollup_admin
from analytics.criteria_admin import AttestationAdmin as AttestationAdmin
from analytics.models import (
    Campaign,
    Claim,
    Eligibility,
    EquityPoint,
    LedgerCursor,
    LedgerEntry,
    Unbooked,
)
from scheduling.gates.figures import dollars
from wallets.console import show
from wallets.console.columns import badge, choice, column, full, link, short, token_amount
from wallets.console.pages import ConsoleAdmin, ReadOnlyAdmin, section
from wallets.console.search import Exact

campaign_amount = token_amount("amount", of="campaign.token")


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    """The books."""

    list_display = (
        "id",
        link("wallet"),
        choice("kind"),
        token_amount("amount", of="token"),
        "token",
        badge("status"),
        link("transaction"),
        "occurred_at",
    )
    list_filter = ("kind", "status", "token__network", "occurred_at")
    search_fields = ("wallet__label", "token__symbol__iexact")
    search_help_text = "Wallet, symbol, address, or number of a transaction"
    exact = Exact(
        hashes=("receipt__attempt__hash",),
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
            full("counterparty"),
            badge("status"),
        ),
        section("Caused by", "transaction", "receipt", "step", "ordinal"),
        section("Times", "occurred_at", "booked_at"),
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


def _campaign_lists(row: Campaign) -> Any:
    return show.joined(
        show.list_of("analytics_eligibility", "Eligibilities", campaign__id__exact=row.pk),
        show.list_of("analytics_claim", "Claims", campaign__id__exact=row.pk),
    )


@admin.register(Campaign)
class CampaignAdmin(ConsoleAdmin):
    """Airdrops, from rumour to end."""

    list_display = (
        "name",
        badge("status"),
        "protocol",
        "token",
        short("claim_contract"),
        "claim_opens_at",
        "claim_closes_at",
        column("Related", _campaign_lists),
    )
    list_filter = ("status", "protocol")
    search_fields = ("name", "slug")
    sortable_by = ("name", "claim_closes_at")
    date_hierarchy = "claim_closes_at"
    exact = Exact(addresses=("claim_contract",))
    list_select_related = ("protocol", "token__network")
    autocomplete_fields = ("token", "tasks")
    prepopulated_fields = {"slug": ("name",)}
    fieldsets = (
        section(None, "name", "slug", "status", "protocol", "networks", "link", "notes"),
        section("Claim", "token", "claim_contract", "claim_opens_at", "claim_closes_at"),
        section("Related", "tasks", column("Rows", _campaign_lists)),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Its budget names it by its slug."""
        fixed = ("slug",) if obj else ()
        return (*fixed, *super().get_readonly_fields(request, obj))

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Once."""
        return {} if obj else super().get_prepopulated_fields(request, obj)


@admin.register(Eligibility)
class EligibilityAdmin(ConsoleAdmin):
    """Who is entitled to what; unknown until somebody knows."""

    list_display = (
        "id",
        link("campaign"),
        link("wallet"),
        badge("status"),
        campaign_amount,
        "source",
        "checked_at",
    )
    list_filter = ("status", "campaign")
    search_fields = ("campaign__name", "wallet__label")
    exact = Exact(addresses=("wallet__address",))
    list_select_related = ("campaign__token", "wallet")
    autocomplete_fields = ("campaign", "wallet")
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(None, "campaign", "wallet", "status"),
        section("Figures", "amount", column("As read", campaign_amount), "source", "checked_at"),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Whose and of what it is does not change."""
        fixed = ("campaign", "wallet") if obj else ()
        return (*fixed, *super().get_readonly_fields(request, obj))


def _in_explorer(row: Claim) -> Any:
    return show.explorer(row.network, "address", row.contract)


@admin.register(Claim)
class ClaimAdmin(ReadOnlyAdmin):
    """What can be or was claimed."""

    list_display = (
        "id",
        link("campaign"),
        link("wallet"),
        "network",
        campaign_amount,
        badge("status"),
        link("transaction"),
    )
    list_filter = ("status", "campaign", "network")
    search_fields = ("campaign__name", "wallet__label")
    exact = Exact(addresses=("contract", "wallet__address"), ids=("id",))
    list_select_related = ("campaign__token", "wallet", "network", "transaction")
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(None, "campaign", "wallet", campaign_amount, badge("status"), "transaction"),
        section("Contract", "network", full("contract"), column("Explorer", _in_explorer)),
        section("Proof", "proof"),
    )
