"""Pages of the stop switch, limits and policy."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from wallets.console import show
from wallets.console.columns import column, full, history, link, short
from wallets.console.pages import ConsoleAdmin, ReadOnlyAdmin, section
from wallets.console.search import Exact
from wallets.models import EmergencyStop, Limit, PolicyRule, ScopeKind, SpendReservation
from wallets.services import STOP_HISTORY

engaged = column(
    "Switch",
    lambda row: show.flag("Engaged", "danger") if row.engaged else show.flag("Lifted", "success"),
)


@admin.register(EmergencyStop)
class EmergencyStopAdmin(ReadOnlyAdmin):
    """The stop switch, as it stands; only its services turn it."""

    list_display = ("__str__", engaged, "mode", "reason", "actor", "changed_at")
    list_filter = ("engaged",)
    fieldsets = (
        section(None, "scope_kind", "scope_value", engaged, "mode", "reason"),
        section("Changed", "actor", "changed_at"),
        section("History", history(STOP_HISTORY)),
    )


def _limit_amount(row: Limit) -> Any:
    if row.kind == Limit.Kind.MAX_FEE_PER_GAS:
        return show.gas_price(row.amount)
    return _in_units_of(row, row.amount)


def _in_units_of(limit: Limit, amount: int) -> Any:
    if limit.scope_kind == ScopeKind.TOKEN:
        return show.text(f"{amount} base units of the token")
    return show.native(amount, "of the coin")


@admin.register(Limit)
class LimitAdmin(ConsoleAdmin):
    """Numbers that hold."""

    list_display = (
        "kind",
        "scope_kind",
        "scope_value",
        column("Amount", _limit_amount),
        "enabled",
        "note",
    )
    list_filter = ("kind", "scope_kind", "enabled")
    search_fields = ("scope_value", "note")
    fieldsets = (
        section(None, "kind", "scope_kind", "scope_value"),
        section("Number", "amount", column("As read", _limit_amount), "enabled", "note"),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What is counted stays what it is once something was."""
        counted = obj is not None and obj.reservations.exists()
        fixed = ("kind", "scope_kind", "scope_value") if counted else ()
        return (*fixed, *super().get_readonly_fields(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not once amounts are held back from it; it can be disabled."""
        held_back = obj is not None and obj.reservations.exists()
        return not held_back and bool(super().has_delete_permission(request, obj))


def _checks(row: PolicyRule) -> Any:
    parts = (show.text(_one_check(kept)) for kept in row.arguments)
    return show.joined(*parts) if row.arguments else "none"


def _one_check(kept: dict[str, Any]) -> str:
    """`1: amount (token: callee)`."""
    place = ".".join(str(part) for part in kept["path"])
    rest = ", ".join(f"{key}: {it}" for key, it in kept.items() if key not in ("check", "path"))
    return f"{place}: {kept['check'].replace('_', ' ')}{f' ({rest})' if rest else ''}"


@admin.register(PolicyRule)
class PolicyRuleAdmin(ReadOnlyAdmin):
    """What may be called; written by the contract registry."""

    list_display = ("signature", short("address"), "network", "protocol", "enabled")
    list_filter = ("network", "protocol", "enabled")
    search_fields = ("signature", "selector")
    exact = Exact(addresses=("address",), hashes=("code_hash",))
    list_select_related = ("network",)
    fieldsets = (
        section(None, "network", "protocol", full("address"), "signature", "selector"),
        section("What the call may say", column("Arguments", _checks), "payable"),
        section("Where it is from", "source", full("code_hash")),
        section("In force", "enabled", "disabled_reason"),
        section(
            "Related",
            column("Explorer", lambda row: show.explorer(row.network, "address", row.address)),
        ),
    )


@admin.register(SpendReservation)
class SpendReservationAdmin(ReadOnlyAdmin):
    """Amounts held back from limits."""

    list_display = (
        "id",
        link("transaction"),
        link("limit"),
        "day",
        column("Amount", lambda row: _in_units_of(row.limit, row.amount)),
        "settled_at",
        "released_at",
    )
    list_filter = ("limit__kind",)
    search_fields = ("limit__scope_value",)
    exact = Exact(ids=("transaction_id",))
    list_select_related = ("transaction", "limit")
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(
            None,
            "transaction",
            "limit",
            "day",
            "share",
            column("Amount", lambda row: _in_units_of(row.limit, row.amount)),
            "settled_at",
            "released_at",
        ),
    )
