"""Writing what hours and days came to, in place of what was there before."""

from datetime import datetime

from django.db import transaction as database
from django.db.models import QuerySet

from analytics.models import Rollup
from analytics.models.rollups import Metric
from analytics.rollups.numbers import DAY, Buckets, Key, Numbers, day_of, days_of

ROWS_AT_ONCE = 500
HOUR_ROWS, DAY_ROWS = Rollup.Period.HOUR, Rollup.Period.DAY
_NUMBERS = tuple(Numbers.__dataclass_fields__)


def kept(metric: Metric, period: str, start: datetime, end: datetime) -> Buckets:
    """What is written of a time."""
    rows = _rows(metric, period, start, end).order_by("starts_at")
    return {
        (row.starts_at, Key(*(getattr(row, name) for name in Key._fields))): Numbers(
            *(getattr(row, name) for name in _NUMBERS)
        )
        for row in rows.iterator(ROWS_AT_ONCE)
    }


def write_hours(metric: Metric, found: Buckets, start: datetime, end: datetime) -> None:
    """These hours are what there is from `start` to `end`; their days are made anew."""
    with database.atomic():
        _replace(metric, HOUR_ROWS, found, start, end)
        first, last = day_of(start), _day_after(end)
        hours = kept(metric, HOUR_ROWS, first, last)
        _replace(metric, DAY_ROWS, days_of(hours.items()), first, last)


def write_days(metric: Metric, found: Buckets, start: datetime, end: datetime) -> None:
    """The same of a metric that has no hours."""
    with database.atomic():
        _replace(metric, DAY_ROWS, found, start, end)


def _day_after(end: datetime) -> datetime:
    return day_of(end) if day_of(end) == end else day_of(end) + DAY


def _replace(metric: Metric, period: str, found: Buckets, start: datetime, end: datetime) -> None:
    _rows(metric, period, start, end).delete()
    Rollup.objects.bulk_create(
        (
            Rollup(
                metric=metric,
                period=period,
                starts_at=starts_at,
                **key._asdict(),
                **{name: getattr(numbers, name) for name in _NUMBERS},
            )
            for (starts_at, key), numbers in found.items()
        ),
        batch_size=ROWS_AT_ONCE,
    )


def _rows(metric: Metric, period: str, start: datetime, end: datetime) -> QuerySet[Rollup]:
    return Rollup.objects.filter(
        metric=metric, period=period, starts_at__gte=start, starts_at__lt=end
    )
