"""What was read of the books, by all that decides on it: so that a later change is noticed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, Count, F, Func, Sum
from django.db.models.functions import Coalesce

from analytics.basis.entries import GROUP, Entry, group_of
from analytics.selectors import valid_entries
from wallets.amounts import SumAmount

# Times and costs count by the entry's key, so that two that change places are noticed too. Small
# enough that 64 bits hold the sum of tens of millions.
KEYS = 97


class _Seconds(Func):
    """Whole seconds since 1970."""

    output_field = BigIntegerField()
    template = "FLOOR(EXTRACT(EPOCH FROM %(expressions)s))::bigint"

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """The same of SQLite's text."""
        template = "CAST(STRFTIME('%%%%s', %(expressions)s) AS INTEGER)"
        return self.as_sql(compiler, connection, template=template, **extra)


class Consumed:
    """How many entries, their sum, their times and their costs, by group."""

    def __init__(self, kept: dict[str, list[str]] | None = None) -> None:
        self._sums = {group: [int(one) for one in sums] for group, sums in (kept or {}).items()}

    def note(self, entries: Iterable[Entry]) -> None:
        """They were read."""
        for one in entries:
            weight, cost = one.pk % KEYS + 1, one.cost_cents
            sums = self._sums.setdefault(one.group, [0, 0, 0, 0])
            sums[0] += 1
            sums[1] += one.amount
            sums[2] += weight * int(one.at.timestamp())
            sums[3] += weight * (-1 if cost is None else cost)

    def dump(self) -> dict[str, list[str]]:
        """As JSON; numbers as text, exact in any reader."""
        return {group: [str(one) for one in sums] for group, sums in self._sums.items()}


def consumed_until(moment: datetime) -> dict[str, list[str]]:
    """The same of all entries before a moment, as the database has them now."""
    weight = F("pk") % KEYS + 1
    found = (
        valid_entries()
        .filter(occurred_at__lt=moment)
        .values(*GROUP)
        .annotate(
            count=Count("pk"),
            total=SumAmount("amount"),
            times=Sum(weight * _Seconds("occurred_at"), output_field=BigIntegerField()),
            costs=Sum(weight * Coalesce("cost_cents", -1), output_field=BigIntegerField()),
        )
    )
    names = ("count", "total", "times", "costs")
    return {group_of(row): [str(int(row[name])) for name in names] for row in found.iterator()}
