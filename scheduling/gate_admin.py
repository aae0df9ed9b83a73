"""The console's pages of gates: breakers, allowed hours, and how often something was held."""

from typing import Any

from django.contrib import admin
from django.db.models import Q

from scheduling.breakers import try_breaker
from scheduling.models import AllowedHours, Breaker, GateCount, Task
from scheduling.states import BreakerState
from wallets.console import show
from wallets.console.asking import AskingAdmin, Verb
from wallets.console.columns import column, history, link
from wallets.console.pages import ConsoleAdmin, ReadOnlyAdmin, section
from wallets.models import ScopeKind

_TONES = {
    BreakerState.CLOSED: "success",
    BreakerState.HALF_OPEN: "warning",
    BreakerState.OPEN: "danger",
}
state = column("State", lambda row: show.flag(row.get_state_display(), _TONES[row.state]))


@admin.register(Breaker)
class BreakerAdmin(AskingAdmin):
    """Circuit breakers of protocols; a person lets an open one try again."""

    verbs = (
        Verb(
            "try",
            "Try again",
            "One run of the protocol is let through, all others wait. Its success closes the "
            "breaker, its failure opens it again.",
            lambda row, **said: try_breaker(protocol=row.protocol, **said),
            lambda row: row.state == BreakerState.OPEN,
            button="Let one run try",
        ),
    )
    list_display = (
        link("protocol"),
        state,
        "failures",
        link("probe", "Tried with"),
        "reason",
        "state_changed_at",
    )
    list_filter = ("state",)
    search_fields = ("protocol__slug",)
    list_select_related = ("protocol", "probe__task", "counted_run__task")
    fieldsets = (
        section(None, "protocol", state, "reason", "failures"),
        section("Runs", "counted_run", "probe"),
        section("Changed", "state_changed_at", "version"),
        section("History", history("breaker")),
    )

    def stands(self, row: Any) -> str:
        """Why it opened."""
        return str(row.reason)


@admin.register(AllowedHours)
class AllowedHoursAdmin(ConsoleAdmin):
    """When something may begin and be signed; outside of them it waits."""

    list_display = (
        "scope_kind",
        "scope_value",
        "weekdays",
        "begins",
        "ends",
        "timezone",
        "enabled",
        "note",
    )
    list_filter = ("scope_kind", "enabled")
    search_fields = ("scope_value", "note")
    fieldsets = (
        section("For", "scope_kind", "scope_value"),
        section("When", "weekdays", "begins", "ends", "timezone"),
        section("In force", "enabled", "note"),
    )


@admin.register(GateCount)
class GateCountAdmin(ReadOnlyAdmin):
    """How often each gate began to hold something, by day."""

    list_display = ("gate", "day", "count")
    list_filter = ("gate", "day")
    search_fields = ("gate",)
    fieldsets = (section(None, "gate", "day", "count"),)


def hours_of_task(task: Task) -> Any:
    """The hours in which its runs may begin; its wallets' own are named with them."""
    labels = task.wallets.values_list("label", flat=True)
    rows = AllowedHours.objects.filter(
        Q(scope_kind=ScopeKind.EVERYTHING)
        | Q(scope_kind=ScopeKind.NETWORK, scope_value=task.network.slug)
        | Q(scope_kind=ScopeKind.PROTOCOL, scope_value=task.protocol.slug)
        | Q(scope_kind=ScopeKind.ACTION, scope_value=task.action)
        | Q(scope_kind=ScopeKind.WALLET, scope_value__in=labels),
        enabled=True,
    )
    lines = [show.page_of(row, f"{row.scope_value or 'everything'}: {row}") for row in rows[:20]]
    return show.joined(*lines) if lines else show.text("at any time")
