"""Pages of limits and of the numbers that count in their place for a while."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextInputWidget

from wallets.console import show
from wallets.console.asking import AskingAdmin, Verb
from wallets.console.columns import column, history, link
from wallets.console.limits import limit_amount
from wallets.console.pages import ConsoleAdmin, ReadOnlyInline, section
from wallets.limit_changes import LIMIT_HISTORY, check_override, create_override, end_override
from wallets.models import Limit, LimitOverride
from wallets.transactions.limits import standing_overrides
from wallets.transactions.operator import NotPossible


class LimitOverrideInline(ReadOnlyInline):
    """What counts instead, or has."""

    model = LimitOverride
    fields = (
        column("Number", lambda row: show.page_of(row, limit_amount(row.limit, row.amount))),
        "expires_at",
        "ended_at",
        "reason",
        "actor",
    )


@admin.register(Limit)
class LimitAdmin(ConsoleAdmin):
    """Numbers that hold."""

    list_display = (
        "kind",
        "scope_kind",
        "scope_value",
        column("Amount", lambda row: limit_amount(row, row.amount)),
        "enabled",
        "note",
    )
    list_filter = ("kind", "scope_kind", "enabled")
    search_fields = ("scope_value", "note")
    inlines = (LimitOverrideInline,)
    fieldsets = (
        section(None, "kind", "scope_kind", "scope_value"),
        section(
            "Number",
            "amount",
            column("As read", lambda row: limit_amount(row, row.amount)),
            "enabled",
            "note",
        ),
        section("History", history(LIMIT_HISTORY)),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What is counted stays what it is once something was."""
        counted = obj is not None and obj.reservations.exists()
        fixed = ("kind", "scope_kind", "scope_value") if counted else ()
        return (*fixed, *super().get_readonly_fields(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not once amounts are held back from it; it can be disabled."""
        held_back = obj is not None and obj.reservations.exists()
        return not held_back and bool(super().has_delete_permission(request, obj))


class OverrideForm(forms.ModelForm[LimitOverride]):
    """Another number, until when, and why; the service has the last word."""

    class Meta:
        model = LimitOverride
        fields = ("limit", "amount", "expires_at", "reason")

    def clean(self) -> dict[str, Any]:
        """As the service sees it."""
        cleaned = super().clean() or {}
        if {"expires_at", "reason"} <= cleaned.keys():
            try:
                check_override(cleaned["expires_at"], cleaned["reason"])
            except NotPossible as error:
                self.add_error("expires_at", str(error))
        return cleaned


class Why(forms.Form):
    """For the history."""

    reason = forms.CharField(max_length=300, widget=UnfoldAdminTextInputWidget)


def _stands(row: LimitOverride) -> bool:
    return standing_overrides().filter(pk=row.pk).exists()


@admin.register(LimitOverride)
class LimitOverrideAdmin(AskingAdmin):
    """Numbers that count for a while; they end by themselves."""

    form = OverrideForm
    verbs = (
        Verb(
            "end",
            "End",
            "The limit's own number counts again at once.",
            lambda row, **said: end_override(override=row, **said),
            _stands,
            Why,
            button="End it",
            of_person=True,
        ),
    )
    list_display = (
        "id",
        link("limit"),
        column("Number", lambda row: limit_amount(row.limit, row.amount)),
        "expires_at",
        "ended_at",
        "reason",
        "actor",
    )
    list_filter = ("limit__kind", "created_at")
    search_fields = ("reason", "limit__scope_value")
    list_select_related = ("limit",)
    ordering = ("-id",)
    sortable_by = ("id",)
    fieldsets = (
        section(None, "limit", "amount", "expires_at", "reason"),
        section("Said", "actor", "created_at", "ended_at", "ended_by"),
    )
    readonly_fields = ("actor", "created_at", "ended_at", "ended_by")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may say so."""
        return request.user.has_perm("wallets.add_limitoverride")

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Who may end it."""
        return self.has_add_permission(request)

    def save_model(
        self,
        request: HttpRequest,
        obj: Model,
        form: forms.Form,
        change: bool,  # noqa: FBT001 - Django's signature
    ) -> None:
        """Through the service, which knows who it is."""
        person: Any = request.user
        if isinstance(obj, LimitOverride):
            obj.pk = create_override(
                limit=obj.limit,
                amount=obj.amount,
                expires_at=obj.expires_at,
                reason=obj.reason,
                person=person,
            ).pk
