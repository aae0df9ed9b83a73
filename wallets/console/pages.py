"""The kinds of pages the console has: ones that may be edited, and ones of facts."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib.admin.utils import flatten_fieldsets
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline
from unfold.widgets import UnfoldAdminTextInputWidget

from wallets.amounts import AmountField
from wallets.console.paging import CappedPaginator, ConsoleList
from wallets.console.search import Exact

FORM_FIELDS: dict[type[models.Field[Any, Any]], dict[str, Any]] = {
    AmountField: {"widget": UnfoldAdminTextInputWidget},
    models.URLField: {"assume_scheme": "https"},
}


def section(title: str | None, *fields: Any) -> Any:
    """A titled group of fields; a tuple of fields stands in one line."""
    return title, {"fields": fields}


class ConsoleAdmin(ModelAdmin):
    """Pages of one model: a list that stays quick on long tables, and a row's own page."""

    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_fullwidth = True
    warn_unsaved_form = True
    # A column may be sorted by only where an index serves it.
    sortable_by: ClassVar[tuple[str, ...]] = ()
    exact = Exact()
    # What an empty list says.
    nothing = ""
    # Lookups through a relation that other pages link with.
    linked_by: tuple[str, ...] = ()
    formfield_overrides = FORM_FIELDS

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ConsoleList]:
        """Our list."""
        return ConsoleList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """What rows are called is often their parents' names: fetched along, everywhere."""
        rows: QuerySet[Any] = super().get_queryset(request)
        along = self.list_select_related
        return rows.select_related(*along) if isinstance(along, tuple) and along else rows

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Pasted hashes, addresses and numbers by index, words by the search fields."""
        lookup = self.exact.lookup(search_term.strip())
        if lookup is not None:
            return queryset.filter(lookup), False
        found: tuple[QuerySet[Any], bool] = super().get_search_results(
            request, queryset, search_term
        )
        return found

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Django's rule, and what our own links use."""
        return lookup in self.linked_by or super().lookup_allowed(lookup, value, request)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Without what is only told about a row that exists."""
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets if obj else tuple(_typed(fieldsets, self.readonly_fields))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """With the columns that are made for showing."""
        shown = [field for field in flatten_fieldsets(self.fieldsets or ()) if callable(field)]
        return (*super().get_readonly_fields(request, obj), *shown)


def _typed(fieldsets: Iterable[Any], shown: Iterable[Any]) -> Iterable[Any]:
    for title, options in fieldsets:
        wanted = (field for field in options["fields"] if not callable(field))
        fields = tuple(field for field in wanted if field not in shown)
        if fields:
            yield title, {**options, "fields": fields}


class KeptAdmin(ConsoleAdmin):
    """What others refer to: it is disabled or retired, never deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


class ReadOnlyAdmin(KeptAdmin):
    """Chain facts and history: shown, never added, changed or deleted by hand."""

    actions: Any = None
    warn_unsaved_form = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


class ReadOnlyInline(TabularInline):
    """Facts on the page of the row they belong to."""

    fields: ClassVar[Any] = ()
    extra = 0
    max_num = 0
    can_delete = False
    show_title = False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """All of them."""
        return self.fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False
