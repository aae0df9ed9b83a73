"""Pages of transactions. What they say cannot be edited."""

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest

from wallets.admin.attempts import block_of
from wallets.admin.verbs import TRANSACTION_VERBS
from wallets.console import show
from wallets.console.asking import AskingAdmin
from wallets.console.coins import with_coin
from wallets.console.columns import (
    badge,
    choice,
    column,
    full,
    gas_price,
    history,
    link,
    native,
)
from wallets.console.filters import ProgressFilter, ProtocolFilter, WalletFilter
from wallets.console.pages import ReadOnlyInline, section
from wallets.console.search import Exact
from wallets.models import Attempt, Receipt, Transaction

_SHOWN_CALLDATA = 4_096


def _calldata(row: Transaction) -> Any:
    data = bytes(row.data)
    shown = show.full("0x" + data[:_SHOWN_CALLDATA].hex()) if data else show.NOTHING
    more = len(data) - _SHOWN_CALLDATA
    return show.joined(shown, show.text(f"{more} bytes more")) if more > 0 else shown


def _in_explorer(row: Transaction) -> Any:
    links = (
        show.explorer(row.network, "tx", one.hash, f"{one.get_kind_display()} {one.hash[:10]}…")
        for one in row.attempts.all()
    )
    return show.joined(*links) or show.NOTHING


def _newest_hash(row: Transaction) -> Any:
    attempts = list(row.attempts.all())
    return show.hash_with_explorer(row.network, attempts[-1].hash) if attempts else show.NOTHING


run = column(
    "Run",
    lambda row: (
        show.page_of(row.step.run, f"Run {row.step.run_id}") if hasattr(row, "step") else row.origin
    ),
)


class AttemptInline(ReadOnlyInline):
    """The signed forms. Their bytes are never shown: who reads them can send them."""

    model = Attempt
    fields = (
        column("Attempt", lambda row: show.page_of(row, row.get_kind_display())),
        badge("state"),
        column("Hash", lambda row: show.hash_with_explorer(row.transaction.network, row.hash)),
        gas_price("max_fee_per_gas", "Fee ceiling"),
        gas_price("max_priority_fee_per_gas", "Tip"),
        "times_sent",
        "last_sent_at",
        column("Last answer", lambda row: show.answer(row.last_answer_kind)),
        column("In words", lambda row: row.last_answer or show.NOTHING),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attempt]:
        """Without the bytes."""
        rows: QuerySet[Attempt] = super().get_queryset(request)
        return rows.select_related("transaction__network").defer("raw")


class ReceiptInline(ReadOnlyInline):
    """What blocks said."""

    model = Receipt
    fields = (
        column("Receipt", lambda row: show.page_of(row, f"of block {row.block_number}")),
        column("Block", block_of),
        "block_at",
        "succeeded",
        "gas_used",
        gas_price("effective_gas_price", "Gas price"),
        native("fee"),
        "canonical",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Receipt]:
        """With the coin that fees are paid in."""
        rows = super().get_queryset(request).select_related("transaction__network")
        return with_coin(rows.order_by("id"), "transaction__network")


@admin.register(Transaction)
class TransactionAdmin(AskingAdmin):
    """Intents and what became of them."""

    list_display = (
        "id",
        badge("state"),
        badge("outcome"),
        column("Does", lambda row: f"{row.protocol} {row.action}"),
        link("lane.wallet"),
        "network",
        native("value"),
        column("Hash", _newest_hash),
        run,
        "created_at",
    )
    list_filter = (
        ProgressFilter,
        "state",
        "outcome",
        "hold_reason",
        "network",
        WalletFilter,
        ProtocolFilter,
        "created_at",
    )
    search_fields = ("idempotency_key__startswith", "origin__exact", "lane__wallet__label")
    search_help_text = "Hash, address, number, key, origin (run:12) or wallet"
    exact = Exact(
        hashes=("attempts__hash",), addresses=("to", "lane__wallet__address"), ids=("id",)
    )
    linked_by = ("lane__wallet__id__exact",)
    list_select_related = ("lane__wallet", "lane__network", "network", "step__run__task")
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(
            None,
            badge("state"),
            badge("outcome"),
            choice("hold_reason", "Held because"),
            "detail",
            "replaced_because",
            column("Explorer", _in_explorer),
            link("step"),
            run,
            column("Related", lambda row: _lists(row)),
        ),
        section("History", history("transaction")),
        section("Endpoints", column("Answers", lambda row: show.answers(transaction=row.pk))),
        section(
            "What it does",
            link("lane.wallet"),
            link("lane"),
            link("network"),
            column("Does", lambda row: f"{row.protocol} {row.action}"),
            full("to", "Called address"),
            native("value"),
            "selector",
            column("Calldata", _calldata),
        ),
        section(
            "Fees and time",
            "urgency",
            "private_only",
            "priority",
            "nonce",
            "gas_limit",
            gas_price("max_fee_ceiling", "Fee ceiling per gas"),
            native("reserved_amount"),
            gas_price("reserved_max_fee", "To be signed remotely: fee ceiling"),
            gas_price("reserved_tip", "To be signed remotely: tip"),
            "not_before",
            "valid_until",
        ),
        section("Simulation and policy", "simulation_block", "simulation_result", "policy_digest"),
        section(
            "Identity",
            "idempotency_key",
            "origin",
            "uuid",
            "version",
            "created_at",
            "state_changed_at",
        ),
    )
    inlines = (AttemptInline, ReceiptInline)
    verbs = TRANSACTION_VERBS

    def get_queryset(self, request: HttpRequest) -> QuerySet[Transaction]:
        """With the coin of its network, and the hashes it has gone by."""
        attempts = Attempt.objects.order_by("id").defer("raw")
        rows = super().get_queryset(request).prefetch_related(Prefetch("attempts", attempts))
        return with_coin(rows)


def _lists(row: Transaction) -> Any:
    return show.joined(
        show.list_of("wallets_attempt", "Attempts", transaction__id__exact=row.pk),
        show.list_of("wallets_receipt", "Receipts", transaction__id__exact=row.pk),
        show.list_of("analytics_ledgerentry", "Ledger entries", transaction__id__exact=row.pk),
    )
