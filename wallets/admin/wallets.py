"""Pages of wallets and their nonce lanes."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from wallets.admin.forms import WalletForm
from wallets.admin.verbs import LANE_VERBS
from wallets.console import show
from wallets.console.asking import AskingAdmin, actor_of
from wallets.console.balances import balances_of
from wallets.console.columns import (
    badge,
    choice,
    column,
    full,
    history,
    link,
    short,
)
from wallets.console.pages import KeptAdmin, ReadOnlyAdmin, ReadOnlyInline, section
from wallets.console.search import Exact
from wallets.models import Installation, NonceLane, Wallet
from wallets.renaming import rename_wallet
from wallets.services import INSTALLATION_HISTORY
from wallets.transactions.lanes import LANE_HISTORY
from wallets.verification import WALLET_HISTORY

transactions = column(
    "Transactions",
    lambda row: show.list_of("wallets_transaction", "Show", lane__id__exact=row.pk),
)
lane_state = column(
    "State",
    lambda row: show.flag("Paused", "warning") if row.paused else show.flag("Open", "success"),
)


class LaneInline(ReadOnlyInline):
    """Its sequences, one for each network it has been used on."""

    model = NonceLane
    fields = (
        column("Lane", lambda row: show.page_of(row, row.network)),
        lane_state,
        "pause_reason",
        "baseline_nonce",
        "max_in_flight",
        transactions,
        column("Explorer", lambda row: show.explorer(row.network, "address", row.wallet.address)),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """With what the rows are called."""
        return super().get_queryset(request).select_related("wallet", "network")


@admin.register(Wallet)
class WalletAdmin(KeptAdmin):
    """Addresses. Keys are made by commands and live in signers, never here."""

    form = WalletForm
    list_display = ("label", short("address"), choice("signer_kind", "Signer"), badge("status"))
    list_filter = ("status", "signer_kind", "group", "tags")
    linked_by = ("group__id__exact", "tags__id__exact")
    autocomplete_fields = ("group", "tags")
    search_fields = ("label",)
    sortable_by = ("label",)
    exact = Exact(addresses=("address",))
    fieldsets = (
        section(
            None,
            "label",
            "address",
            full("address"),
            choice("signer_kind", "Signer"),
            column("Key reference", lambda row: row.signer_reference or show.NOTHING),
            badge("status"),
            "status_reason",
            "verified_at",
            "created_at",
            "group",
            "tags",
        ),
        section("Balances", column("Held", balances_of)),
        section("History", history(WALLET_HISTORY)),
        section("Related", column("Rows", lambda row: _lists(row))),
    )
    readonly_fields = ("created_at", "status_reason", "verified_at")
    inlines = (LaneInline,)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """A new wallet with a key is verified by the workers; what names it follows a rename."""
        if not change and obj.signer_kind != Wallet.SignerKind.WATCH_ONLY:
            obj.verify_at = timezone.now()
        if change and "label" in form.changed_data:
            rename_wallet(wallet=obj, label=obj.label, actor=actor_of(request))
        super().save_model(request, obj, form, change)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """An address and its signer are typed once and never edited."""
        if obj is None:
            fields = ("label", "address", "signer_kind", "signer_reference", "group", "tags")
            return (section(None, *fields),)
        first, *rest = super().get_fieldsets(request, obj)
        fields = tuple(field for field in first[1]["fields"] if field != "address")
        return ((None, {"fields": fields}), *rest)


def _lists(row: Wallet) -> Any:
    return show.joined(
        show.list_of("wallets_transaction", "Transactions", lane__wallet__id__exact=row.pk),
        show.list_of("scheduling_run", "Runs", wallet__id__exact=row.pk),
        show.list_of("analytics_ledgerentry", "Ledger entries", wallet__id__exact=row.pk),
        show.list_of("wallets_balance", "Balances", wallet__id__exact=row.pk),
        show.list_of("wallets_balancepoint", "Balance history", wallet__id__exact=row.pk),
        show.list_of("wallets_allowance", "Allowances", wallet__id__exact=row.pk),
        show.list_of("wallets_signedrequest", "Signed requests", wallet__id__exact=row.pk),
        show.list_of("analytics_claim", "Claims", wallet__id__exact=row.pk),
    )


@admin.register(NonceLane)
class NonceLaneAdmin(AskingAdmin):
    """Nonce sequences."""

    verbs = LANE_VERBS
    list_display = (
        "id",
        link("wallet"),
        link("network"),
        lane_state,
        "pause_reason",
        "baseline_nonce",
        "wake_at",
        transactions,
    )
    list_filter = ("network", "paused")
    search_fields = ("wallet__label",)
    exact = Exact(addresses=("wallet__address",), ids=("id",))
    list_select_related = ("wallet", "network")
    ordering = ("-id",)
    sortable_by = ("id", "wake_at")
    fieldsets = (
        section(None, "wallet", "network", lane_state, "pause_reason", "detail", transactions),
        section("History", history(LANE_HISTORY)),
        section("Nonces", "baseline_nonce", "max_in_flight", "installation_id"),
        section("Lease", "lease_owner", "lease_expires_at", "lease_epoch", "wake_at"),
    )


@admin.register(Installation)
class InstallationAdmin(ReadOnlyAdmin):
    """The installation this database belongs to."""

    list_display = ("id", "created_at", "paused", "pause_reason")
    fieldsets = (
        section(None, "id", "created_at", "paused", "pause_reason"),
        section("Before a shutdown", "draining_since", "drain_reason"),
        # There is one, whose id is no number.
        section("History", column("History", lambda _row: show.history(INSTALLATION_HISTORY, 0))),
    )
