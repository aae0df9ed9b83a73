"""The page of signed requests."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from wallets.console.columns import badge, column, history, link
from wallets.console.pages import ReadOnlyAdmin, section
from wallets.console.search import Exact
from wallets.console.verbs import actor_of, ask_each
from wallets.models import SignedRequest
from wallets.requests.services import cancel_request, settle_request


@admin.register(SignedRequest)
class SignedRequestAdmin(ReadOnlyAdmin):
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
    actions = ("cancel", "settle_as_done", "settle_as_not_done")

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Who may end one; none of its facts is edited by it."""
        return request.user.has_perm("wallets.operate_signedrequest")

    @admin.action(description="Cancel", permissions=("operate",))
    def cancel(self, request: HttpRequest, queryset: QuerySet[SignedRequest]) -> None:
        """End what has not left."""
        actor, reason = actor_of(request), "cancelled in the console"
        ask_each(
            self,
            request,
            queryset,
            lambda row: cancel_request(request_id=row.pk, actor=actor, reason=reason),
        )

    @admin.action(description="The venue did it", permissions=("operate",))
    def settle_as_done(self, request: HttpRequest, queryset: QuerySet[SignedRequest]) -> None:
        """A person has looked at the venue: it is there."""
        self._settle(request, queryset, done=True)

    @admin.action(description="The venue did not do it", permissions=("operate",))
    def settle_as_not_done(self, request: HttpRequest, queryset: QuerySet[SignedRequest]) -> None:
        """A person has looked at the venue: it is not there, and will not be."""
        self._settle(request, queryset, done=False)

    def _settle(
        self, request: HttpRequest, queryset: QuerySet[SignedRequest], *, done: bool
    ) -> None:
        actor, reason = actor_of(request), "looked up at the venue, said in the console"
        ask_each(
            self,
            request,
            queryset,
            lambda row: settle_request(request_id=row.pk, done=done, actor=actor, reason=reason),
        )
