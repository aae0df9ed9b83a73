"""The console's pages of the risk: how it was over time, and what is done about it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from scheduling.models import RiskReading, RiskResponse
from scheduling.risk import RESPONSE_HISTORY, set_response
from wallets.console import show
from wallets.console.columns import badge, choice, column, history
from wallets.console.pages import ConsoleAdmin, ReadOnlyAdmin, section

reasons = column("Reasons", lambda row: show.text("; ".join(row.reasons) or "none"))


@admin.register(RiskReading)
class RiskReadingAdmin(ReadOnlyAdmin):
    """The level over time."""

    list_display = ("at", badge("level"), reasons)
    list_filter = ("level",)
    ordering = ("-at",)
    sortable_by = ("at",)
    fieldsets = (section(None, "at", badge("level"), reasons), section("Figures", "figures"))


@admin.register(RiskResponse)
class RiskResponseAdmin(ConsoleAdmin):
    """What happens once a level is reached; the strongest of all that are reached counts."""

    list_display = (choice("level"), choice("action"))
    fieldsets = (section(None, "level", "action"), section("History", history(RESPONSE_HISTORY)))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A row stays that of its level."""
        fixed = ("level",) if obj else ()
        return (*fixed, *super().get_readonly_fields(request, obj))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Through the service, so that history has who did it."""
        actor = request.user.get_username()
        kept = set_response(level=obj.level, action=obj.action, actor=actor, reason="the console")
        obj.pk = kept.pk
