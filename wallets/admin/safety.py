"""Pages of the stop switch, of what was held back from limits, and of the policy."""

from typing import Any

from django.contrib import admin

from wallets.console import show
from wallets.console.columns import column, full, history, link, short
from wallets.console.limits import limit_amount
from wallets.console.pages import ReadOnlyAdmin, section
from wallets.console.search import Exact
from wallets.models import EmergencyStop, PolicyRule, SpendReservation
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
        "hour",
        column("Amount", lambda row: limit_amount(row.limit, row.amount)),
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
            "hour",
            "share",
            column("Amount", lambda row: limit_amount(row.limit, row.amount)),
            "settled_at",
            "released_at",
        ),
    )
