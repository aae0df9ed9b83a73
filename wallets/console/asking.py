"""Asking a service for something: a page says what it does and takes a reason; only POST asks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.functional import cached_property
from unfold.widgets import UnfoldAdminTextInputWidget

from wallets.chain.errors import ChainError
from wallets.console import show
from wallets.console.columns import column
from wallets.console.pages import ReadOnlyAdmin
from wallets.transactions.operator import NotPossible
from wallets.transitions import LostRace

MOST_AT_ONCE = 50


class Reason(forms.Form):
    """Why, for the history."""

    reason = forms.CharField(
        max_length=300, widget=UnfoldAdminTextInputWidget, help_text="It stays in the history."
    )


class ReasonIfAny(Reason):
    """Why, if there is more to say than who."""

    reason = forms.CharField(
        max_length=300,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="If there is one; it stays in the history.",
    )


class NothingToSay(forms.Form):
    """Only the question whether to go on."""


@dataclass(frozen=True, slots=True)
class Verb:
    """Something to ask for rows of a list, or for one on its page.

    `service` is called with the row, `actor` (or `person`) and what the form took; a text that it
    returns is shown. `fits` says of which rows it makes sense; whether it is possible, the service
    decides.
    """

    name: str
    title: str
    means: str
    service: Callable[..., object]
    fits: Callable[[Any], bool]
    form: type[forms.Form] = Reason
    # What stands on the button, where the title alone could be taken for a way back.
    button: str = ""
    # What has to be read before it is asked, as HTML of a row.
    shows: Callable[[Any], str] | None = None
    # Whether the service wants the `person` who asks, not only what the history calls them.
    of_person: bool = False


class AskingAdmin(ReadOnlyAdmin):
    """Facts that nobody edits, and what may be asked of them by whoever may operate them."""

    verbs: ClassVar[Sequence[Verb]] = ()

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Who may ask; none of the facts is edited by it."""
        return request.user.has_perm(f"{self.opts.app_label}.operate_{self.opts.model_name}")

    def get_actions(self, request: HttpRequest, *_where: Any) -> Any:
        """Each verb leads to its page, with the rows that were chosen."""
        if not self.has_operate_permission(request):
            return {}
        return {verb.name: (_lead_to(verb), verb.name, verb.title) for verb in self.verbs}

    def get_urls(self) -> list[Any]:
        """With the page of the verbs."""
        view = self.admin_site.admin_view(self.ask_view)
        return [path("ask/<str:name>/", view, name=self._ask_name), *super().get_urls()]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """On a row's page, what makes sense to ask of it."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not self.has_operate_permission(request):
            return fieldsets
        (title, options), *rest = fieldsets
        fields = (*options["fields"], self.ask_for)
        return ((title, {**options, "fields": fields}), *rest)

    @cached_property
    def ask_for(self) -> Any:
        """The line of a row's page that leads to the verbs."""
        return column("Ask for", self._links)

    def ask_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """The question; on POST, its answer."""
        verb = next((verb for verb in self.verbs if verb.name == name), None)
        if verb is None:
            raise Http404(f"nothing is called {name}")
        if not self.has_operate_permission(request):
            raise PermissionDenied
        rows = self._chosen(request)
        form = verb.form(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            self._ask_each(request, verb, rows, form.cleaned_data)
            return HttpResponseRedirect(self._afterwards(rows))
        context = {
            **self.admin_site.each_context(request),
            "title": verb.title,
            "opts": self.opts,
            "verb": verb,
            "rows": [(row, self.stands(row), verb.fits(row)) for row in rows],
            "shown": [verb.shows(row) for row in rows] if verb.shows else [],
            "form": form,
            "back": self._afterwards(rows),
        }
        return TemplateResponse(request, "console/ask.html", context)

    def address_of(self, verb: Verb, keys: Sequence[Any]) -> str:
        """The page that asks for these rows."""
        return f"{self._reversed(self._ask_name, verb.name)}?{urlencode([('id', k) for k in keys])}"

    def stands(self, row: Any) -> str:
        """What is noted on the row about how it stands."""
        return getattr(row, "pause_reason", "") or str(getattr(row, "detail", ""))

    @property
    def _ask_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_ask"

    def _chosen(self, request: HttpRequest) -> list[Any]:
        asked = request.GET.getlist("id")
        keys = [key for key in asked if key.isdecimal() and len(key) < 19][:MOST_AT_ONCE]
        rows = list(self.get_queryset(request).filter(pk__in=keys))
        if not rows:
            raise Http404("none of these rows is there")
        return rows

    def _links(self, row: Any) -> Any:
        fitting = [verb for verb in self.verbs if verb.fits(row)]
        links = [show.link_to(self.address_of(verb, [row.pk]), verb.title) for verb in fitting]
        return show.joined(*links) or show.NOTHING

    def _afterwards(self, rows: Sequence[Any]) -> str:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        if len(rows) == 1:
            return self._reversed(f"{name}_change", rows[0].pk)
        return self._reversed(f"{name}_changelist")

    def _reversed(self, name: str, *arguments: Any) -> str:
        return reverse(f"{self.admin_site.name}:{name}", args=arguments)

    def _ask_each(
        self, request: HttpRequest, verb: Verb, rows: Sequence[Any], said: dict[str, Any]
    ) -> None:
        """One that cannot be done leaves the others be."""
        done = []
        who = {"person": request.user} if verb.of_person else {"actor": actor_of(request)}
        for row in rows:
            try:
                told = verb.service(row, **who, **said)
            except (NotPossible, LostRace, ChainError) as error:
                self.message_user(request, f"{row}: {error}", messages.WARNING)
                continue
            done.append(row)
            if isinstance(told, str):
                self.message_user(request, f"{row}: {told}", messages.INFO)
        if done:
            asked = ", ".join(str(row) for row in done)
            self.message_user(request, f"{verb.title} asked for: {asked}.", messages.SUCCESS)


def actor_of(request: HttpRequest) -> str:
    """Who asks, for the history."""
    return f"user {request.user.get_username()}"


def _lead_to(verb: Verb) -> Callable[..., HttpResponse | None]:
    def action(
        page: AskingAdmin, request: HttpRequest, chosen: QuerySet[Any]
    ) -> HttpResponse | None:
        keys = list(chosen.values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
        if len(keys) > MOST_AT_ONCE:
            page.message_user(request, f"Choose {MOST_AT_ONCE} at most.", messages.WARNING)
            return None
        return HttpResponseRedirect(page.address_of(verb, keys))

    return action
