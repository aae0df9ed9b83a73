"""The console's pages of pauses: what begins nothing new, since when, why; pausing and resuming."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest

from scheduling.models import Pause
from scheduling.pauses import PAUSE_HISTORY, pause_scope, resume_scope
from wallets.console.asking import AskingAdmin, Verb, actor_of
from wallets.console.columns import history
from wallets.console.pages import section
from wallets.transactions.operator import NotPossible

RESUME = Verb(
    "resume",
    "Resume",
    "What the pause held begins at once, as far as other pauses, gates and stops let it. Due "
    "times that passed meanwhile are dealt with as each task's misfire policy says.",
    lambda row, **said: resume_scope(scope=row.scope_kind, value=row.scope_value, **said),
    lambda _row: True,
)


class PauseForm(forms.ModelForm[Pause]):
    """What to pause, by its name, and why."""

    class Meta:
        model = Pause
        fields = ("scope_kind", "scope_value", "reason")

    actor = ""

    def clean(self) -> dict[str, Any]:
        """Pause it here, where what the service refuses can still be shown."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return said
        try:
            self.instance = pause_scope(
                scope=said["scope_kind"],
                value=said["scope_value"],
                reason=said["reason"],
                actor=self.actor,
            )
        except NotPossible as error:
            raise ValidationError(str(error)) from error
        return said

    def _post_clean(self) -> None:
        """The service has checked and saved it."""


@admin.register(Pause)
class PauseAdmin(AskingAdmin):
    """What is paused now."""

    form = PauseForm
    list_display = ("__str__", "scope_kind", "scope_value", "reason", "actor", "created_at")
    list_filter = ("scope_kind",)
    search_fields = ("scope_value", "reason")
    verbs = (RESUME,)
    fieldsets = (
        section(None, "scope_kind", "scope_value", "reason"),
        section("Since", "actor", "created_at"),
        section("History", history(PAUSE_HISTORY)),
    )
    readonly_fields = ("actor", "created_at")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may operate pauses."""
        return self.has_operate_permission(request)

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,  # noqa: FBT001, FBT002 - Django's signature
        **kwargs: Any,
    ) -> Any:
        """In the name of who is signed in."""
        form: Any = super().get_form(request, obj, change, **kwargs)
        return type("PauseForm", (form,), {"actor": actor_of(request)})

    def save_model(
        self,
        request: HttpRequest,
        obj: Model,
        form: forms.Form,
        change: bool,  # noqa: FBT001 - Django's signature
    ) -> None:
        """The service has done so."""

    def _afterwards(self, rows: Any) -> str:
        """A pause that has ended has no page."""
        return self._reversed("scheduling_pause_changelist")
