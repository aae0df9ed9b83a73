"""The console's pages of floor 2."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from protocols.call_admin import ApprovedCallAdmin as ApprovedCallAdmin
from protocols.checking import ask_workers
from protocols.models import Deployment, Protocol
from protocols.position_admin import PositionReadingAdmin as PositionReadingAdmin
from protocols.registry import UnknownAction, get_adapter
from protocols.services import HISTORY, is_doubted
from wallets.addresses import ZERO_ADDRESS
from wallets.console import show
from wallets.console.asking import AskingAdmin, NothingToSay, Verb
from wallets.console.columns import column, full, history, link, short
from wallets.console.pages import KeptAdmin, section
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


def _leads_to(row: Deployment) -> Any:
    if not row.implementation:
        return "not looked at yet"
    if row.implementation == ZERO_ADDRESS:
        return "no proxy"
    return show.full(row.implementation)


def _changed(row: Deployment) -> Any:
    return show.flag("Changed", "danger") if row.changed_at else show.NOTHING


def _verify(row: Deployment, **_who: str) -> str:
    ask_workers(Deployment.objects.filter(pk=row.pk))
    return "the workers look at it now; what they find stands here in a moment"


DEPLOYMENT_VERBS = (
    Verb(
        "verify",
        "Verify now",
        "The workers ask the chain for its code and for what it leads to, and compare both with "
        "what is on record. What has changed is disabled; nothing is enabled by it.",
        _verify,
        lambda row: not is_doubted(row),
        NothingToSay,
    ),
)


@admin.register(Deployment)
class DeploymentAdmin(AskingAdmin):
    """Contracts; written by the registry after a look at the chain."""

    list_display = (
        "role",
        link("protocol"),
        "network",
        short("address"),
        column("Explorer", _in_explorer),
        "verified_at",
        column("Changed", _changed),
        "enabled",
    )
    list_filter = ("protocol", "network", "enabled")
    verbs = DEPLOYMENT_VERBS
    search_fields = ("role", "abi")
    exact = Exact(addresses=("address",), hashes=("code_hash",))
    list_select_related = ("protocol", "network")
    fieldsets = (
        section(None, "protocol", "network", "role", full("address"), "abi"),
        section("Where it is from", "source", "sourced_on", "doubt", "doubt_overridden"),
        section(
            "On chain",
            "verified_at",
            "changed_at",
            full("code_hash"),
            column("Leads to", _leads_to),
            full("beacon"),
            column("Explorer", _in_explorer),
        ),
        section("In use", "enabled", "disabled_reason"),
        section("History", history(HISTORY)),
    )

    def stands(self, row: Deployment) -> str:
        """Why it is not in use, if it is not."""
        return row.disabled_reason
