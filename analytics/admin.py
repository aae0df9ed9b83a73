"""The console's pages of floor 4."""

from django.contrib import admin

from analytics.models import Campaign, Claim, Eligibility, LedgerCursor, LedgerEntry, Unbooked
from wallets.amounts import show_amount
from wallets.console import ConsoleAdmin, ReadOnlyAdmin


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    """The books."""

    list_display = ("id", "wallet", "kind", "shown", "transaction", "status", "occurred_at")
    list_filter = ("kind", "status", "token")
    search_fields = ("wallet__label",)
    list_select_related = ("wallet", "token__network", "transaction")

    @admin.display(description="amount", ordering="amount")
    def shown(self, row: LedgerEntry) -> str:
        """The amount as a person reads it."""
        return show_amount(row.amount, row.token.decimals, row.token.symbol)


@admin.register(Campaign)
class CampaignAdmin(ConsoleAdmin):
    """Airdrops."""

    list_display = ("name", "status", "token", "claim_contract")
    list_filter = ("status",)
    list_select_related = ("token__network",)


@admin.register(Claim)
class ClaimAdmin(ReadOnlyAdmin):
    """Claims."""

    list_display = ("campaign", "wallet", "network", "status", "transaction")
    list_filter = ("status", "campaign")
    list_select_related = ("campaign", "wallet", "network", "transaction")


@admin.register(Eligibility)
class EligibilityAdmin(ConsoleAdmin):
    """Who is entitled."""

    list_display = ("campaign", "wallet", "status", "amount", "source")
    list_filter = ("status", "campaign")
    list_select_related = ("campaign", "wallet")


admin.site.register(LedgerCursor, ReadOnlyAdmin)
admin.site.register(Unbooked, ReadOnlyAdmin)
