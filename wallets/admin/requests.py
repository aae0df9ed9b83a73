"""The page of signed requests."""

from django.contrib import admin

from wallets.admin.verbs import REQUEST_VERBS
from wallets.console.asking import AskingAdmin
from wallets.console.columns import badge, column, history, link
from wallets.console.pages import section
from wallets.console.search import Exact
from wallets.models import SignedRequest


@admin.register(SignedRequest)
class SignedRequestAdmin(AskingAdmin):
    """Requests to venues, without their signatures."""

    list_display = (
        "id",
        badge("state"),
        column("Does", lambda row: f"{row.protocol} {row.action}"),
        link("wallet"),
        "client_id",
        "times_sent",
        "created_at",
    )
    list_filter = ("state",)
    search_fields = ("client_id__startswith", "idempotency_key__startswith", "wallet__label")
    exact = Exact(addresses=("wallet__address",), ids=("id",))
    list_select_related = ("wallet", "network")
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(None, badge("state"), "detail", "wallet", "protocol", "action", "origin"),
        section("Request", "network", "client_id", "request_nonce", "payload", "valid_until"),
        section("Sent", "times_sent", "last_sent_at", "wake_at", "answer"),
        section("Identity", "idempotency_key", "version", "created_at", "state_changed_at"),
        section("History", history("signed_request")),
    )
    verbs = REQUEST_VERBS
