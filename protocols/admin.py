"""The console's pages of floor 2."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from protocols.models import Deployment, Protocol
from protocols.registry import UnknownAction, get_adapter
from wallets.console import show
from wallets.console.columns import column, full, link, short
from wallets.console.pages import KeptAdmin, ReadOnlyAdmin, section
from wallets.console.search import Exact


def _actions(row: Protocol) -> str:
    try:
        actions = get_adapter(row.slug).actions
    except UnknownAction:
        return "its adapter is not installed"
    return ", ".join(sorted(actions))


def _lists(row: Protocol) -> Any:
    return show.joined(
        show.list_of("scheduling_task", "Tasks", protocol__id__exact=row.pk),
        show.list_of("protocols_deployment", "Deployments", protocol__id__exact=row.pk),
        show.list_of("wallets_transaction", "Transactions", protocol=row.slug),
        show.list_of("wallets_policyrule", "Policy rules", protocol=row.slug),
    )


@admin.register(Protocol)
class ProtocolAdmin(KeptAdmin):
    """Adapters the operator may use; disabled rather than deleted."""

    list_display = ("name", "slug", column("Actions", _actions), "enabled")
    list_filter = ("enabled",)
    search_fields = ("name", "slug")
    sortable_by = ("slug",)
    fieldsets = (
        section(None, "name", "slug", "enabled", "networks"),
        section("Related", column("Actions", _actions), column("Rows", _lists)),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Its code is found by the slug."""
        fixed = ("slug",) if obj else ()
        return (*fixed, *super().get_readonly_fields(request, obj))


def _in_explorer(row: Deployment) -> Any:
    return show.explorer(row.network, "address", row.address)


@admin.register(Deployment)
class DeploymentAdmin(ReadOnlyAdmin):
    """Contracts; written by the registry after a look at the chain."""

    list_display = (
        "role",
        link("protocol"),
        "network",
        short("address"),
        column("Explorer", _in_explorer),
        "verified_at",
        "enabled",
    )
    list_filter = ("protocol", "network", "enabled")
    search_fields = ("role", "abi")
    exact = Exact(addresses=("address",), hashes=("code_hash",))
    list_select_related = ("protocol", "network")
    fieldsets = (
        section(None, "protocol", "network", "role", full("address"), "abi"),
        section("Where it is from", "source", "verified_at", full("code_hash")),
        section("In use", "enabled", "disabled_reason", column("Explorer", _in_explorer)),
    )
