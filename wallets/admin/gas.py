"""The page of what gas has cost."""

from django.contrib import admin

from wallets.console.columns import gas_price, link
from wallets.console.pages import ReadOnlyAdmin, section
from wallets.models import GasReading


@admin.register(GasReading)
class GasReadingAdmin(ReadOnlyAdmin):
    """Prices of gas, one an hour; what is usual is their median over a week."""

    list_display = (link("network"), "hour", gas_price("price"), "at")
    list_filter = ("network", "hour")
    list_select_related = ("network",)
    fieldsets = (section(None, "network", "hour", gas_price("price"), "at"),)
