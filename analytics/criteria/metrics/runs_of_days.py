"""What has to be grouped before it is counted: so many in a week, and whatever follows something.

One question for each metric, for all wallets.
"""

from decimal import Decimal

from django.db import connection
from django.db.models import Case, F, IntegerField, Min, Q, QuerySet, Value, When, Window

from analytics.criteria.metric_models import TransactionMetric
from analytics.criteria.metrics.asking import Asking
from analytics.criteria.metrics.choosing import Rows, chosen, rows_of
from analytics.criteria.metrics.functions import (
    DAY,
    FIRST_MONDAY,
    TRAILING_MONTH,
    WEEK,
    Epoch,
    Month,
)
from analytics.criteria.metrics.transactions import Found, Key, place_of
from analytics.models import ChainTransaction

_GROUPS = {
    "count": "id",
    "contracts": "place",
    "days": f"at / {DAY}",
    "weeks": f"(at - {FIRST_MONDAY}) / {WEEK}",
    "weeks_from_first": f"(at - first) / {WEEK}",
    "months": "month",
    "months_before": f"(%s - 1 - at) / {TRAILING_MONTH}",
}


def measure_grouped(asking: Asking, key: Key, metric: TransactionMetric) -> Found:
    """By wallet; one without any is left out."""
    rows = rows_of(asking, key[0], metric)
    low = _counts(asking, key, metric, rows.certain)
    high = low if rows.sure else _counts(asking, key, metric, rows.possible)
    return {
        wallet: {key: (Decimal(low.get(wallet, 0)), Decimal(most))} for wallet, most in high.items()
    }


def _counts(asking: Asking, key: Key, metric: TransactionMetric, counted: Q) -> dict[int, int]:
    if not asking.networks:
        return {}
    inner, params = _rows(asking, key, metric, counted).query.sql_with_params()
    group = _GROUPS[metric.measure]
    end = (int(asking.until(key[0], metric).timestamp()),) if "%s" in group else ()
    # Made of the constants above and of what Django made of its own expressions.
    grouped = (
        f"SELECT wallet_id, {group} AS one FROM ({inner}) AS r "  # noqa: S608
        f"WHERE counted = 1{_later(metric)} GROUP BY 1, 2 HAVING COUNT(*) >= %s"
    )
    sql = f"SELECT wallet_id, COUNT(*) FROM ({grouped}) AS g GROUP BY wallet_id"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, (*end, *params, metric.at_least))
        return dict(cursor.fetchall())


def _later(metric: TransactionMetric) -> str:
    if metric.after_first is None:
        return ""
    # A month that has begun when it happened is not one after it.
    return " AND month > first_month" if metric.measure == "months" else " AND at > first"


def _rows(
    asking: Asking, key: Key, metric: TransactionMetric, counted: Q
) -> QuerySet[ChainTransaction, tuple[object, ...]]:
    moment = key[0]
    start, networks = _start(asking, moment, metric)
    first = Window(Min(Case(When(start, then="block_at"))), partition_by=[F("wallet_id")])
    at_all = asking.of_wallets() & asking.in_time(moment, metric, networks)
    return (
        ChainTransaction.objects.filter(at_all)
        .order_by()
        .annotate(
            at=Epoch("block_at"),
            month=Month("block_at"),
            place=place_of(),
            counted=Case(
                When(counted, then=Value(1)), default=Value(0), output_field=IntegerField()
            ),
            first=Epoch(first),
            first_month=Month(first),
        )
        .values_list("wallet_id", "id", "at", "month", "place", "counted", "first", "first_month")
    )


def _start(asking: Asking, moment: str, metric: TransactionMetric) -> tuple[Q, tuple[str, ...]]:
    """What the count begins with, and the networks to look at."""
    anchor = metric.after_first
    if anchor is None:
        everything = asking.in_time(moment, metric, metric.networks)
        return everything & Q(succeeded=True), metric.networks
    networks = anchor.networks or metric.networks
    rows: Rows = chosen(asking.in_time(moment, metric, networks), anchor, failed=anchor.failed)
    return rows.certain, tuple(dict.fromkeys((*metric.networks, *networks)))
