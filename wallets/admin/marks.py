"""Pages of the words by which wallets are found."""

from typing import Any

from django.contrib import admin

from wallets.console import show
from wallets.console.columns import column
from wallets.console.pages import KeptAdmin, section
from wallets.models import WalletGroup, WalletTag


@admin.register(WalletGroup)
class WalletGroupAdmin(KeptAdmin):
    """Wallets that belong together."""

    list_display = ("name", column("Wallets", lambda row: _wallets("group__id__exact", row)))
    search_fields = ("name",)
    sortable_by = ("name",)
    fieldsets = (
        section(None, "name", column("Wallets", lambda row: _wallets("group__id__exact", row))),
    )


@admin.register(WalletTag)
class WalletTagAdmin(KeptAdmin):
    """Words; a wallet may have several."""

    list_display = ("name", column("Wallets", lambda row: _wallets("tags__id__exact", row)))
    search_fields = ("name",)
    sortable_by = ("name",)
    fieldsets = (
        section(None, "name", column("Wallets", lambda row: _wallets("tags__id__exact", row))),
    )


def _wallets(lookup: str, row: Any) -> Any:
    return show.list_of("wallets_wallet", "Show", **{lookup: row.pk})
