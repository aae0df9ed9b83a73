"""The console's pages of criteria: what people attest, and what evaluations came to."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from analytics.criteria.words import plain, range_text
from analytics.models import Attestation, CriterionEvaluation, CriterionResult
from wallets.console import show
from wallets.console.asking import actor_of
from wallets.console.columns import badge, column, link
from wallets.console.pages import ConsoleAdmin, ReadOnlyAdmin, section
from wallets.console.search import Exact


@admin.register(Attestation)
class AttestationAdmin(ConsoleAdmin):
    """Facts about wallets that no chain of ours tells."""

    list_display = (
        "id",
        link("wallet"),
        "fact",
        column("Value", lambda row: plain(row.value)),
        "source",
        "attested_by",
        "attested_at",
    )
    list_filter = ("fact",)
    search_fields = ("fact", "wallet__label", "source")
    exact = Exact(addresses=("wallet__address",))
    list_select_related = ("wallet",)
    autocomplete_fields = ("wallet",)
    exclude = ("attested_by", "attested_at")
    ordering = ("-id",)
    sortable_by = ("id",)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """With who says so, and when."""
        obj.attested_by, obj.attested_at = actor_of(request), timezone.now()
        super().save_model(request, obj, form, change)


def _results(row: CriterionEvaluation) -> Any:
    return show.list_of("analytics_criterionresult", "Results", evaluation__id__exact=row.pk)


@admin.register(CriterionEvaluation)
class CriterionEvaluationAdmin(ReadOnlyAdmin):
    """When which rule set was evaluated, and what came of it."""

    list_display = (
        "id",
        link("campaign"),
        "rule_set",
        "version",
        "confidence",
        "wallets",
        "eligible",
        "unknown",
        "evaluated_at",
        column("Related", _results),
    )
    list_filter = ("rule_set", "campaign")
    search_fields = ("rule_set", "campaign__name")
    list_select_related = ("campaign",)
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(None, "campaign", "rule_set", "version", "confidence", "digest"),
        section("Came to", "wallets", "eligible", "unknown", column("Rows", _results)),
        section("When", "evaluated_at", "evaluated_by", "complete"),
    )


def _between(low: str, high: str) -> Any:
    def text(row: CriterionResult) -> str:
        found = getattr(row, low), getattr(row, high)
        return range_text(*found)

    return text


result_points = column("Points", _between("points_from", "points_to"))
result_amount = column("Tokens", _between("amount_from", "amount_to"))


@admin.register(CriterionResult)
class CriterionResultAdmin(ReadOnlyAdmin):
    """What each wallet came to, evaluation by evaluation."""

    list_display = (
        "id",
        link("evaluation"),
        link("wallet"),
        badge("status"),
        result_points,
        result_amount,
    )
    list_filter = ("status", "evaluation__rule_set")
    linked_by = ("evaluation__id__exact",)
    search_fields = ("wallet__label",)
    exact = Exact(addresses=("wallet__address",), ids=("evaluation_id",))
    list_select_related = ("evaluation__campaign", "wallet")
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(None, "evaluation", "wallet", badge("status"), result_points, result_amount),
        section("Not read", "unread"),
    )
