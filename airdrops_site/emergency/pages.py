"""The console's pages of the stop: engage, resume, and the orders that may follow."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from airdrops_site.answers import BadInput
from airdrops_site.emergency.header import RESUME, STOP
from airdrops_site.emergency.orders import summed, withdrawal_lines
from airdrops_site.emergency.scopes import Scope, checked
from scheduling.withdrawing import find_withdrawals, order_withdrawals
from wallets.console.asking import actor_of
from wallets.models import EmergencyStop, ScopeKind
from wallets.services import engage_stop, lift_stop, tighten_stop
from wallets.transactions.clearing import Cleared, clear_pending
from wallets.transactions.operator import NotPossible
from wallets.transactions.stop_file import stop_file_reason

_KINDS = (ScopeKind.EVERYTHING, ScopeKind.WALLET, ScopeKind.PROTOCOL, ScopeKind.NETWORK)


class ScopeForm(forms.Form):
    """What it is about, and why."""

    kind = forms.ChoiceField(choices=[(kind.value, kind.label) for kind in _KINDS], label="What")
    name = forms.CharField(
        required=False,
        max_length=100,
        help_text="The wallet's label, or the slug of the protocol or network.",
        widget=forms.TextInput({"class": "console-input"}),
    )
    reason = forms.CharField(
        max_length=300,
        label="Why",
        help_text="It stays in the history.",
        widget=forms.TextInput({"class": "console-input", "autocomplete": "off"}),
    )
    scope = Scope()

    def clean(self) -> dict[str, Any]:
        """A name that nothing has stops nothing."""
        found = dict(super().clean() or self.cleaned_data)
        try:
            self.scope = checked(found.get("kind", ""), found.get("name", "").strip())
        except BadInput as error:
            self.add_error("name", str(error))
        return found


class StopForm(ScopeForm):
    """And what is signed none the less."""

    mode = forms.ChoiceField(choices=EmergencyStop.Mode.choices, label="Mode")
    field_order = ("kind", "name", "mode", "reason")


def overview(request: HttpRequest, form: forms.Form | None = None) -> HttpResponse:
    """What is stopped, and what may be asked."""
    context = {
        **admin.site.each_context(request),
        "title": "Emergency stop",
        "stops": EmergencyStop.objects.filter(engaged=True).order_by("scope_kind", "scope_value"),
        "file": stop_file_reason(),
        "form": form or StopForm(),
        "may_stop": _may(request, STOP),
        "may_resume": _may(request, RESUME),
        "may_order": _may(request, RESUME),
    }
    return TemplateResponse(request, "console/emergency.html", context)


@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    """Sign nothing more in the scope."""
    _require(request, STOP)
    form = StopForm(request.POST)
    if not form.is_valid():
        return overview(request, form)
    said = form.cleaned_data
    scope = form.scope
    engage = engage_stop if _may(request, RESUME) else tighten_stop
    try:
        engage(reason=said["reason"], actor=actor_of(request), mode=said["mode"], **scope.facts)
    except NotPossible as error:
        form.add_error("mode", str(error))
        return overview(request, form)
    messages.warning(request, f"Signing is stopped for {scope.name}.")
    return HttpResponseRedirect(_next(request))


@require_POST
def resume(request: HttpRequest) -> HttpResponse:
    """Let the scope sign again."""
    _require(request, RESUME)
    form = ScopeForm(request.POST)
    if not form.is_valid():
        messages.error(request, "; ".join(str(e) for one in form.errors.values() for e in one))
        return HttpResponseRedirect(reverse("emergency"))
    try:
        lift_stop(reason=form.cleaned_data["reason"], actor=actor_of(request), **form.scope.facts)
    except NotPossible as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"The stop of {form.scope.name} is lifted.")
    return HttpResponseRedirect(reverse("emergency"))


@dataclass(frozen=True, slots=True)
class Order:
    """Something a person may order after a stop: shown first, done on POST."""

    title: str
    means: str
    button: str
    show: Callable[[], Iterator[str]]
    do: Callable[[HttpRequest, str], str]


def _shown_clearing() -> Iterator[str]:
    done = _cleared("", "", dry_run=True)
    yield from (f"{one.subject}, {one.row.state}: {one.sentence}" for one in done)
    yield summed(done)


def _clear(request: HttpRequest, reason: str) -> str:
    return summed(_cleared(actor_of(request), reason, dry_run=False))


def _cleared(actor: str, reason: str, *, dry_run: bool) -> list[Cleared]:
    everything = Scope()
    return clear_pending(
        scope_kind=everything.kind,
        scope_value=everything.value,
        actor=actor,
        reason=reason,
        dry_run=dry_run,
    )


def _withdraw(request: HttpRequest, reason: str) -> str:
    person: Any = request.user
    tasks = order_withdrawals(
        find_withdrawals(), actor=actor_of(request), reason=reason, person=person
    )
    return f"made {len(tasks)} one-off tasks; their runs begin when the stops allow it"


ORDERS = {
    "cancel-pending": Order(
        "Cancel what is unmined",
        "What is not signed ends; for what is signed and in no block a cancel is asked for.",
        "Cancel all of it",
        _shown_clearing,
        _clear,
    ),
    "withdraw": Order(
        "Withdraw positions",
        "Each becomes an ordinary one-off run of the highest priority.",
        "Make these runs",
        lambda: withdrawal_lines(find_withdrawals(), (), dry_run=True),
        _withdraw,
    ),
}


def order(request: HttpRequest, name: str) -> HttpResponse:
    """The order as it would be now; on POST, given."""
    _require(request, RESUME)
    found = ORDERS.get(name)
    if found is None:
        raise Http404(f"nothing is called {name}")
    reason = request.POST.get("reason", "").strip()[:300]
    if request.method == "POST" and reason:
        messages.warning(request, f"{found.title}: {found.do(request, reason)}.")
        return HttpResponseRedirect(reverse("emergency"))
    context = {
        **admin.site.each_context(request),
        "title": found.title,
        "means": found.means,
        "button": found.button,
        "lines": list(found.show()),
    }
    return TemplateResponse(request, "console/order.html", context)


def _may(request: HttpRequest, right: str) -> bool:
    user: Any = request.user
    return bool(user.has_perm(right))


def _require(request: HttpRequest, right: str) -> None:
    if not _may(request, right):
        raise PermissionDenied


def _next(request: HttpRequest) -> str:
    """Back to where the button was pressed; to no other site."""
    asked = request.POST.get("next", "")
    own = url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()})
    return asked if own and asked else reverse("emergency")
