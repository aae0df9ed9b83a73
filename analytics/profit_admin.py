"""The console's rows of what was worked out about profit."""

from django.contrib import admin

from analytics.basis.money import dollars
from analytics.models import BasisCheckpoint, ProfitDay, RoiReading
from wallets.console.columns import column, link
from wallets.console.pages import ReadOnlyAdmin, section

gain = column("Realised", lambda row: _cents(row.proceeds - row.cost))
income = column("Income", lambda row: _cents(row.income))
fees = column("Fees", lambda row: _cents(row.fees))


def _cents(attos: int) -> str:
    return f"{dollars(attos):,.2f}"


@admin.register(BasisCheckpoint)
class BasisCheckpointAdmin(ReadOnlyAdmin):
    """How far lots were followed through the books."""

    list_display = ("method", "until", "refreshed_at")
    fieldsets = (section(None, "method", "until", "refreshed_at"),)


@admin.register(ProfitDay)
class ProfitDayAdmin(ReadOnlyAdmin):
    """What days brought and cost."""

    list_display = ("day", "method", link("wallet"), "token", gain, income, fees)
    list_filter = ("method", "day")
    list_select_related = ("wallet", "token__network", "campaign", "task")
    ordering = ("-day", "-id")
    fieldsets = (
        section(None, "method", "day", "wallet", "token", "campaign", "protocol", "task"),
        section("In US dollars", gain, income, fees),
        section(
            "Unknown",
            *("unknown_gains", "unknown_income", "unknown_fees", "unknown_flows", "unpriced"),
        ),
    )


@admin.register(RoiReading)
class RoiReadingAdmin(ReadOnlyAdmin):
    """Returns as they were last worked out."""

    list_display = ("by", "name", "ratio", "received_cents", "at")
    list_filter = ("by",)
    fieldsets = (section(None, "by", "name", "ratio", "received_cents", "at"),)
