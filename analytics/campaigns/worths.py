"""What entries were worth when they happened: two questions, however far apart they are."""

from collections.abc import Iterable, Sequence
from decimal import Decimal, localcontext
from itertools import batched

from django.db.models import OuterRef, QuerySet, Subquery

from analytics.flows import Money
from analytics.models import LedgerEntry
from wallets.amounts import DIGITS
from wallets.models import PricePoint
from wallets.price_history import OLDEST, PREFERENCE
from wallets.prices import worth_at

_BATCH = 500


class PastPrices:
    """The price to go by at the time of each entry, as the price history has it."""

    def __init__(self, entries: Iterable[LedgerEntry]) -> None:
        self._points: dict[int, PricePoint] = {}
        for some in batched({entry.pk for entry in entries}, _BATCH):
            self._read(some)

    def worth(self, amount: int, entry: LedgerEntry) -> Decimal | None:
        """US dollars of so many base units of the entry's token then; None for unknown."""
        return worth_at(amount, entry.token, self._points.get(entry.pk))

    def _read(self, keys: Sequence[int]) -> None:
        latest = {
            f"by_{number}": Subquery(_before_entry().filter(source=source).values("pk")[:1])
            for number, source in enumerate(PREFERENCE)
        }
        rows = LedgerEntry.objects.filter(pk__in=keys).order_by().annotate(**latest)
        found = list(rows.values_list("pk", "occurred_at", *latest))
        points = PricePoint.objects.in_bulk({pk for row in found for pk in row[2:] if pk})
        for entry, moment, *by_source in found:
            fresh = (points[pk] for pk in by_source if pk and points[pk].at >= moment - OLDEST)
            if (point := next(fresh, None)) is not None:
                self._points[entry] = point


def _before_entry() -> QuerySet[PricePoint]:
    moment = OuterRef("occurred_at")
    rows = PricePoint.objects.filter(token=OuterRef("token"), at__lte=moment)
    return rows.order_by("-at", "-id")


def add_up(parts: Iterable[tuple[Decimal | None, LedgerEntry]]) -> Money:
    """The sum; unknown, with the first that is missing, where the worth of one is."""
    total = Decimal(0)
    with localcontext(prec=2 * DIGITS):
        for worth, entry in parts:
            if worth is None:
                at = f"{entry.occurred_at:%Y-%m-%d %H:%M} UTC"
                return Money(None, f"the price of {entry.token} at {at} was not stored")
            total += worth
    return Money(total)
