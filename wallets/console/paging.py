"""Lists that stay quick on tables of millions of rows."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils.functional import cached_property
from unfold.views import ChangeList

MOST_COUNTED = 10_000


class AtLeast(int):
    """A count that stopped: it pages like the number and says that there may be more."""

    def __str__(self) -> str:
        return f"{int(self)} or more"


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than a person would page."""

    most_counted = MOST_COUNTED

    @cached_property
    def count(self) -> int:
        """The number of rows, or the cap."""
        rows: Any = self.object_list
        counted: int = rows.order_by()[: self.most_counted].count()
        return AtLeast(counted) if counted == self.most_counted else counted


class ConsoleList(ChangeList):
    """A list that says how many rows it found where it was narrowed, and only there."""

    def get_results(self, request: HttpRequest) -> None:
        """Unfold offers "Show all" wherever the full count is another, or not known."""
        super().get_results(request)
        if not (self.query or self.filter_params):
            self.full_result_count = self.result_count
