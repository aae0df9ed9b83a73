"""The console's page of profit: a stored summary, and files of the whole ledger."""

import tempfile
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from airdrops_site.ledger_command.asked import FIRST_YEAR, LAST_YEAR
from analytics.basis import Method
from analytics.exports.formats import FORMATS, write
from analytics.exports.wanted import Wanted
from analytics.models import BasisCheckpoint, LedgerEntry
from wallets.models import Wallet

PERMISSION = "analytics.view_ledgerentry"
_MONEY = ("cost", "worth", "realised", "unrealised", "income", "fees", "invested", "costs")
_TITLES = {
    "campaign": "By campaign",
    "protocol": "By protocol",
    "wallet": "By wallet",
    "network": "By network",
}
YEARS = (MinValueValidator(date(FIRST_YEAR, 1, 1)), MaxValueValidator(date(LAST_YEAR, 12, 31)))


class ExportForm(forms.Form):
    """What to write, and of which days."""

    format = forms.ChoiceField(choices=[(name, one.title) for name, one in FORMATS.items()])
    method = forms.ChoiceField(
        choices=[("fifo", "First in, first out"), ("average", "Average cost")], initial="fifo"
    )
    first = forms.DateField(
        validators=YEARS,
        required=False,
        label="From (UTC)",
        widget=forms.DateInput({"type": "date"}),
    )
    last = forms.DateField(
        validators=YEARS,
        required=False,
        label="To (that day too)",
        widget=forms.DateInput({"type": "date"}),
    )
    wallet = forms.CharField(required=False, max_length=100, help_text="Its label; empty is all.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs |= {"class": "console-input", "id": f"export-{name}"}

    def clean_wallet(self) -> Wallet | None:
        """The one with the label."""
        label = self.cleaned_data["wallet"]
        if not label:
            return None
        found = Wallet.objects.filter(label=label).first()
        if found is None:
            raise forms.ValidationError(f"There is no wallet {label}.")
        return found

    def clean(self) -> dict[str, Any]:
        """Days in their order."""
        found = dict(super().clean() or self.cleaned_data)
        if found.get("first") and found.get("last") and found["last"] < found["first"]:
            self.add_error("last", "This is before the first day.")
        return found

    def wanted(self) -> Wanted:
        """As the exports are asked."""
        found = self.cleaned_data
        last = found["last"] + timedelta(days=1) if found["last"] else None
        keys = (found["wallet"].pk,) if found["wallet"] else ()
        return Wanted(_midnight(found["first"]), _midnight(last), keys, found["method"])


def _midnight(day: Any) -> datetime | None:
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """What was last worked out."""
    _check(request)
    return _page(request, ExportForm())


@require_POST
def download(request: HttpRequest) -> HttpResponseBase:
    """A file, written while it is sent; who took it is in the console's log."""
    _check(request)
    form = ExportForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=400)
    name, wanted = form.cleaned_data["format"], form.wanted()
    _note(request, name, form)
    chosen = FORMATS[name]
    file_name = f"ledger-{name}-{timezone.now():%Y%m%d-%H%M%S}.{chosen.suffix}"
    if chosen.stream is None:
        # It can only be written to a file: one without a name, gone once it is sent.
        file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
        write(name, wanted, file)
        file.seek(0)
        return FileResponse(
            file, as_attachment=True, filename=file_name, content_type=chosen.content_type
        )
    answer = StreamingHttpResponse(chosen.stream(wanted), content_type=chosen.content_type)
    answer["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return answer


def _check(request: HttpRequest) -> None:
    if not _user(request).has_perm(PERMISSION):
        raise PermissionDenied


def _user(request: HttpRequest) -> Any:
    return request.user


def _note(request: HttpRequest, name: str, form: ExportForm) -> None:
    asked = {key: str(value) for key, value in form.cleaned_data.items() if value}
    said = ", ".join(f"{key} {value}" for key, value in asked.items())
    LogEntry.objects.create(
        user_id=_user(request).pk,
        content_type=ContentType.objects.get_for_model(LedgerEntry),
        object_repr=f"Ledger downloaded as {name}",
        action_flag=CHANGE,
        change_message=f"Downloaded: {said}"[:500],
    )


def _page(request: HttpRequest, form: ExportForm, status: int = 200) -> HttpResponse:
    asked = request.GET.get("method", "fifo")
    method: Method = "average" if asked == "average" else "fifo"
    kept = BasisCheckpoint.objects.filter(pk=method).defer("state", "consumed").first()
    summary = kept.summary if kept else {}
    context = {
        **admin.site.each_context(request),
        "title": "Profit",
        "method": method,
        "kept": kept,
        "lines": [_line(one) for one in summary.get("lines", ())],
        "returns": list(_returns(summary.get("roi", {}))),
        "summary": summary,
        "form": form,
    }
    return TemplateResponse(request, "console/profit.html", context, status=status)


def _returns(found: dict[str, Any]) -> Iterable[tuple[str, list[dict[str, Any]]]]:
    for by, title in _TITLES.items():
        yield title, [_line(one) for one in found.get(by, ())]


def _line(facts: dict[str, Any]) -> dict[str, Any]:
    """With dollars to the cent and a ratio in percent; what is unknown stays None."""
    money = {name: _number(facts[name]) for name in _MONEY if name in facts}
    ratio = _number(facts.get("ratio"))
    return {**facts, **money, "percent": None if ratio is None else ratio * 100}


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
