"""Adding rows up by hour and name: in the database, however many rows there are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count, F, Max, Min, QuerySet, Window
from django.db.models.functions import RowNumber, TruncHour

from analytics.rollups.numbers import NATIVE, Buckets, Key, Numbers, bounded
from wallets.amounts import SumAmount

# US dollars are kept in units of 10^-36: no price has more decimals.
USD_PLACES = 36


@dataclass(frozen=True, slots=True)
class Grouping:
    """Which rows, what they are named by, and which number of theirs is added up.

    `names` are expressions or paths by the field of `Key`; `value` is empty where rows are only
    counted. With `places` a row says its own decimals, and values are brought to 10^-36.
    """

    rows: Callable[[], QuerySet[Any]]
    at: str
    names: Mapping[str, Any] = field(default_factory=dict)
    value: str = ""
    places: str = ""
    # Whether the first and the last value are kept, and the lowest and the highest.
    ends: bool = False

    def read(self, start: datetime, end: datetime) -> Buckets:
        """One question, three with `ends`."""
        rows = self._between(start, end)
        found: Buckets = {}
        for one in self._sums(rows):
            found.setdefault((one["bucket"], _key(one)), Numbers()).add(self._numbers(one))
        if self.ends:
            for one in self._edges(rows, last=False):
                found[one["bucket"], _key(one)].begin(one["moment"], self._scaled(one, "worth"))
            for one in self._edges(rows, last=True):
                found[one["bucket"], _key(one)].end(one["moment"], self._scaled(one, "worth"))
        return bounded(found)

    def _between(self, start: datetime, end: datetime) -> QuerySet[Any]:
        rows = self.rows().filter(**{f"{self.at}__gte": start, f"{self.at}__lt": end})
        names = {f"k_{name}": _expression(one) for name, one in self.names.items()}
        if self.places:
            names["places"] = F(self.places)
        hour = TruncHour(self.at, tzinfo=UTC)
        found: QuerySet[Any] = rows.order_by().annotate(bucket=hour, **names)
        return found

    def _fields(self) -> list[str]:
        return [f"k_{name}" for name in self.names] + (["places"] if self.places else [])

    def _sums(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        numbers: dict[str, Any] = {"n": Count("pk")}
        if self.value:
            numbers |= {"known": Count(self.value), "sum_": SumAmount(self.value)}
        if self.ends:
            numbers |= {"low_": Min(self.value), "high_": Max(self.value)}
        found: QuerySet[Any] = rows.values("bucket", *self._fields()).annotate(**numbers)
        return found

    def _numbers(self, one: dict[str, Any]) -> Numbers:
        if not self.value:
            return Numbers(one["n"])
        unknown = one["n"] - one["known"]
        total = self._scaled(one, "sum_") if one["known"] else None
        found = Numbers(one["n"], unknown, total)
        if self.ends:
            found.low, found.high = self._scaled(one, "low_"), self._scaled(one, "high_")
        return found

    def _edges(self, rows: QuerySet[Any], *, last: bool) -> QuerySet[Any]:
        """Of each hour and name the one row that comes first, or last."""
        order = [F(self.at).desc(), F("pk").desc()] if last else [F(self.at).asc(), F("pk").asc()]
        names = [F(name) for name in self._fields() if name != "places"]
        place = Window(RowNumber(), partition_by=[F("bucket"), *names], order_by=order)
        known = rows.filter(**{f"{self.value}__isnull": False}).annotate(place=place)
        kept = known.filter(place=1).annotate(moment=F(self.at), worth=F(self.value))
        found: QuerySet[Any] = kept.values("bucket", "moment", "worth", *self._fields())
        return found

    def _scaled(self, one: dict[str, Any], name: str) -> int | None:
        value: int | None = one[name]
        if value is None or not self.places:
            return value
        return scaled(value, one["places"])


def scaled(amount: int, decimals: int) -> int:
    """An amount of so many decimals in units of 10^-36; digits behind them are cut off."""
    return int(amount * 10**USD_PLACES // 10**decimals)


def _expression(one: Any) -> Any:
    return F(one) if isinstance(one, str) else one


def _key(one: Mapping[str, Any]) -> Key:
    names = {name: one.get(f"k_{name}") or "" for name in Key._fields}
    if "k_token" in one:
        names["token"] = names["token"] or NATIVE
    return Key(**names)
