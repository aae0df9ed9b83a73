"""Pages of chains, endpoints and tokens."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from wallets.admin.forms import RpcEndpointForm
from wallets.chain.masking import mask_url
from wallets.console import show
from wallets.console.columns import badge, choice, column, full, short
from wallets.console.pages import ConsoleAdmin, KeptAdmin, ReadOnlyInline, section
from wallets.console.search import Exact
from wallets.models import Network, RpcEndpoint, Token

masked_url = column("URL", lambda row: mask_url(row.url))
health = column("Health", lambda row: _health(row))


def _health(row: RpcEndpoint) -> Any:
    if not row.enabled:
        return show.flag("Disabled", "plain")
    if row.consecutive_errors:
        return show.flag(f"{row.consecutive_errors} errors", "danger")
    return show.flag("Answers", "success") if row.answered_at else show.flag("Not asked", "plain")


# Written by whoever asks the chain.
SEEN = (
    "checked_at",
    "answered_at",
    "head_block",
    "head_block_at",
    "latency_ms",
    "last_error",
    "open_until",
)


class EndpointInline(ReadOnlyInline):
    """How the chain is reached."""

    model = RpcEndpoint
    fields = (
        column("Name", lambda row: show.page_of(row, row.name)),
        masked_url,
        health,
        "head_block",
        "head_block_at",
        "latency_ms",
        "last_error",
    )


@admin.register(Network)
class NetworkAdmin(KeptAdmin):
    """Chains; disabled rather than deleted."""

    list_display = (
        "name",
        "chain_id",
        badge("kind"),
        choice("fee_model", "Fees"),
        "confirm_depth",
        choice("final_rule", "Final by"),
        "enabled",
    )
    list_filter = ("kind", "enabled")
    search_fields = ("name", "slug")
    sortable_by = ("name", "chain_id")
    exact = Exact(hashes=("genesis_hash",), ids=("chain_id",))
    fieldsets = (
        section(None, "name", "slug", "chain_id", "kind", "enabled", "explorer_url"),
        section("Fees", "fee_model", "l1_fee_model", "has_mempool", "block_seconds"),
        section("Finality", "confirm_depth", "final_rule", "final_depth"),
        section("Emptied wallets", "dust"),
        section("Contracts", "multicall_address", full("genesis_hash", "First block")),
        section("Related", column("Rows", lambda row: _lists(row))),
    )
    inlines = (EndpointInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A chain stays the chain it is."""
        fixed = ("chain_id", "slug", "kind") if obj else ()
        return (*fixed, *super().get_readonly_fields(request, obj))


def _lists(row: Network) -> Any:
    return show.joined(
        show.list_of("wallets_transaction", "Transactions", network__id__exact=row.pk),
        show.list_of("wallets_noncelane", "Lanes", network__id__exact=row.pk),
        show.list_of("wallets_token", "Tokens", network__id__exact=row.pk),
        show.list_of("wallets_policyrule", "Policy rules", network__id__exact=row.pk),
    )


@admin.register(RpcEndpoint)
class RpcEndpointAdmin(ConsoleAdmin):
    """Ways to reach a chain; URLs are masked wherever they are not edited."""

    form = RpcEndpointForm
    list_display = (
        "name",
        "network",
        masked_url,
        health,
        "head_block",
        "head_block_at",
        "latency_ms",
        "weight",
    )
    list_filter = ("network", "enabled", "can_send")
    search_fields = ("name", "network__name")
    list_select_related = ("network",)
    ordering = ("network", "-weight", "name")
    fieldsets = (
        section(None, "network", "name", "url", masked_url, "enabled"),
        section("Use", "can_read", "can_send", "is_private", "weight", "requests_per_second"),
        section(
            "Last seen",
            health,
            *SEEN,
        ),
    )
    readonly_fields = SEEN

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may only look sees the masked URL."""
        fieldsets = super().get_fieldsets(request, obj)
        hidden = masked_url if self._may_edit(request, obj) else "url"
        first, *rest = fieldsets
        fields = tuple(field for field in first[1]["fields"] if field != hidden)
        return ((first[0], {"fields": fields}), *rest)

    def _may_edit(self, request: HttpRequest, obj: RpcEndpoint | None) -> bool:
        return self.has_change_permission(request, obj) if obj else True


@admin.register(Token)
class TokenAdmin(KeptAdmin):
    """Coins and tokens; the books refer to them."""

    list_display = ("symbol", "name", "network", short("address"), "decimals", "enabled")
    list_filter = ("network", "enabled")
    search_fields = ("symbol", "name")
    exact = Exact(addresses=("address",))
    list_select_related = ("network",)
    fieldsets = (
        section(None, "network", "symbol", "name", "address", "decimals", "dust", "enabled"),
        section("Related", column("Rows", lambda row: _token_lists(row))),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What amounts in the books were counted in does not change."""
        fixed = ("network", "address", "decimals") if obj else ()
        return (*fixed, *super().get_readonly_fields(request, obj))


def _token_lists(row: Token) -> Any:
    return show.joined(
        show.list_of("analytics_ledgerentry", "Ledger entries", token__id__exact=row.pk),
        show.list_of("wallets_balance", "Balances", token__id__exact=row.pk),
        show.list_of("wallets_allowance", "Allowances", token__id__exact=row.pk),
        show.explorer(row.network, "address", row.address),
    )
