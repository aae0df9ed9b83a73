"""The console's list of reports, their pages and their files."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_safe

from analytics.models import Report
from analytics.reports.document import Document
from analytics.reports.forms import FORMS, file_name, forms
from analytics.reports.services import ChangedReport, document_of
from wallets.console import show
from wallets.console.columns import column, link
from wallets.console.pages import ReadOnlyAdmin, section

_PAGE, _FILE = "analytics_report_page", "analytics_report_file"


def _files(row: Report) -> list[tuple[str, str]]:
    return [(form, reverse(f"admin:{_FILE}", args=[row.pk, form])) for form in FORMS]


def _links(row: Report) -> Any:
    page = show.link_to(reverse(f"admin:{_PAGE}", args=[row.pk]), "Page")
    return show.joined(page, *(show.link_to(to, form.upper()) for form, to in _files(row)))


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    """What was made, and where to read it."""

    list_display = (
        column("Report", str),
        "kind",
        link("campaign"),
        "start",
        "end",
        "made_at",
        column("Read", _links),
    )
    list_filter = ("kind", "campaign")
    search_fields = ("campaign__name",)
    list_select_related = ("campaign",)
    ordering = ("-start", "-id")
    fieldsets = (
        section(None, "kind", "campaign", "start", "end", "made_at", column("Read", _links)),
        section("Kept", "digest"),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """Lists need no documents."""
        return super().get_queryset(request).defer("document")

    def get_urls(self) -> list[URLPattern]:
        """And a page and files of each."""
        wrap = self.admin_site.admin_view
        own = [
            path("<int:pk>/page/", wrap(require_safe(self.page)), name=_PAGE),
            path("<int:pk>/file/<str:form>/", wrap(require_safe(self.file)), name=_FILE),
        ]
        return [*own, *super().get_urls()]

    def page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One as a page of the console."""
        from analytics.reports.forms.page import page_context

        row, document = self._asked(request, pk)
        context = {
            **self.admin_site.each_context(request),
            **page_context(document),
            "title": document.title,
            "files": _files(row),
        }
        return TemplateResponse(request, "reports/page.html", context)

    def file(self, request: HttpRequest, pk: int, form: str) -> HttpResponse:
        """One as a file."""
        if form not in FORMS:
            raise Http404
        _, document = self._asked(request, pk)
        wanted = forms()[form]
        answer = HttpResponse(wanted.render(document), wanted.content_type)
        name = file_name(document, form)
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    def _asked(self, request: HttpRequest, pk: int) -> tuple[Report, Document]:
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = get_object_or_404(Report, pk=pk)
        try:
            return row, document_of(row)
        except ChangedReport as error:
            raise Http404(str(error)) from error
