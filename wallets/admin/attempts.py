"""Pages of signed forms, of what endpoints and blocks said of them, and of history. All facts."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch

from wallets.console import show
from wallets.console.coins import with_coin
from wallets.console.columns import badge, choice, column, full, gas_price, link, native
from wallets.console.pages import ReadOnlyAdmin, section
from wallets.console.search import Exact
from wallets.models import Attempt, EndpointAnswer, Receipt, Transition

_PAGE_OF = {
    "transaction": "wallets_transaction",
    "signed_request": "wallets_signedrequest",
    "run": "scheduling_run",
    "step": "scheduling_step",
    "occurrence": "scheduling_occurrence",
    "lane": "wallets_noncelane",
    "stop": "wallets_emergencystop",
}


def block_of(row: Receipt) -> Any:
    """Its block, in the explorer where there is one."""
    number = str(row.block_number)
    return show.explorer(row.transaction.network, "block", number, number)


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    """Signed forms, without their bytes."""

    list_display = (
        "id",
        link("transaction"),
        choice("kind"),
        badge("state"),
        "nonce",
        column("Hash", lambda row: show.hash_with_explorer(row.lane.network, row.hash)),
        gas_price("max_fee_per_gas", "Fee ceiling"),
        "times_sent",
        "last_sent_at",
    )
    list_filter = ("state", "kind")
    search_fields = ("last_answer",)
    search_help_text = "Hash, number, or words of the node's answer"
    exact = Exact(hashes=("hash",), ids=("transaction_id", "nonce"))
    list_select_related = ("transaction", "lane__network", "lane__wallet")
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(
            None,
            "transaction",
            choice("kind"),
            badge("state"),
            full("hash"),
            column("Explorer", lambda row: show.explorer(row.lane.network, "tx", row.hash)),
        ),
        section(
            "Signed values",
            "lane",
            "nonce",
            "gas_limit",
            gas_price("max_fee_per_gas"),
            gas_price("max_priority_fee_per_gas"),
            native("l1_fee_estimate", "L1 fee estimate"),
        ),
        section("Sent", "private_only", "times_sent", "last_sent_at", "last_answer", "created_at"),
        section("Endpoints", column("Answers", lambda row: show.answers(attempt=row.pk))),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attempt]:
        """Without the bytes."""
        return with_coin(super().get_queryset(request).defer("raw"), "lane__network")


@admin.register(EndpointAnswer)
class EndpointAnswerAdmin(ReadOnlyAdmin):
    """What endpoints began to say of sent bytes, the newest first."""

    list_display = (
        "id",
        "at",
        link("attempt.transaction"),
        link("attempt"),
        "endpoint",
        "sending",
        column("Answer", lambda row: show.answer(row.answer)),
        "text",
    )
    list_filter = ("answer",)
    search_fields = ("text", "endpoint")
    search_help_text = "Hash, number of an attempt, endpoint, or words"
    exact = Exact(hashes=("attempt__hash",), ids=("attempt_id",))
    list_select_related = ("attempt__transaction",)
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(None, link("attempt.transaction"), "attempt", "endpoint", "sending", "at"),
        section("Answer", column("Answer", lambda row: show.answer(row.answer)), "text"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[EndpointAnswer]:
        """Without the bytes."""
        rows: QuerySet[EndpointAnswer] = super().get_queryset(request)
        return rows.defer("attempt__raw")


@admin.register(Receipt)
class ReceiptAdmin(ReadOnlyAdmin):
    """What blocks said, as long as it holds."""

    list_display = (
        "id",
        link("transaction"),
        column("Block", block_of),
        "block_at",
        "succeeded",
        native("fee"),
        "canonical",
    )
    list_filter = ("succeeded", "canonical", "transaction__network")
    search_fields = ("attempt__hash__exact",)
    search_help_text = "Hash of a transaction, or number of a block or transaction"
    exact = Exact(hashes=("attempt__hash",), ids=("transaction_id", "block_number"))
    list_select_related = ("transaction__network",)
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(None, "transaction", "attempt", "succeeded", "canonical"),
        section("Block", column("Number", block_of), full("block_hash", "Hash"), "block_at"),
        section(
            "Cost",
            "gas_used",
            gas_price("effective_gas_price", "Gas price"),
            native("l1_fee", "L1 fee"),
            native("fee", "Whole fee"),
        ),
        section("Logs", "logs"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Receipt]:
        """With the coin that fees are paid in."""
        return with_coin(super().get_queryset(request), "transaction__network")


@admin.register(Transition)
class TransitionAdmin(ReadOnlyAdmin):
    """History, the newest first."""

    list_display = (
        "id",
        "at",
        column("Row", lambda row: _subject(row)),
        column("From", lambda row: show.badge(row.from_state)),
        column("To", lambda row: show.badge(row.to_state)),
        "reason",
        "actor",
    )
    list_filter = (("subject", admin.AllValuesFieldListFilter),)
    search_fields = ("reason", "actor")
    exact = Exact(ids=("subject_id",))
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(None, column("Row", lambda row: _subject(row)), "from_state", "to_state", "reason"),
        section(None, "actor", "at"),
    )


def _subject(row: Transition) -> Any:
    text = f"{row.subject} {row.subject_id}"
    try:
        return show.page_at(_PAGE_OF.get(row.subject, ""), row.subject_id, text)
    except NoReverseMatch:
        return text
