"""The quarterly look at how well and how fast things went, and how large they became."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import DurationField, ExpressionWrapper, F, Sum
from django.utils import timezone

from airdrops_site.models import Operation
from airdrops_site.upkeep import rpc_times
from airdrops_site.upkeep.results import Result
from analytics.models import Rollup
from analytics.models.rollups import Metric
from wallets.models import RpcEndpoint, WakeUp

QUARTER = timedelta(days=92)
LEAST_SUCCESS = Decimal("0.95")
SLOWEST_SECONDS, SLOWEST_ENDPOINT_MS = 30, 2_000


def review_performance(_by: str) -> Result:
    """From rows alone; what grows or adds up is compared with the review before."""
    success, jobs, endpoints = _success(), _jobs(), _endpoints()
    sizes, before, buckets = _sizes(), _figures_before(), rpc_times.counted()
    times = rpc_times.since(buckets, before.get("rpc_buckets", {}))
    bounds = {name: rpc_times.bound95(counts) for name, counts in times.items()}
    findings = []
    if success is not None and success < LEAST_SUCCESS:
        findings.append(f"{success:.1%} of transactions succeeded; 95 % is the aim")
    findings += [f"job {key} took {n:.0f} s" for key, n in jobs.items() if n > SLOWEST_SECONDS]
    findings += [
        f"endpoint {name} answers in {ms} ms"
        for name, ms in endpoints.items()
        if ms > SLOWEST_ENDPOINT_MS
    ]
    findings += [
        f"95 of 100 exchanges with {name} took {rpc_times.in_words(bound)}; 2 s is the aim"
        for name, bound in bounds.items()
        if bound is not None and float(bound) > SLOWEST_ENDPOINT_MS / 1000
    ]
    said = "unknown" if success is None else f"{success:.2%}"
    return Result(
        f"Success of transactions: {said}; {len(findings)} things to look at.",
        findings,
        figures={
            "success": None if success is None else str(success),
            "slowest_jobs_seconds": jobs,
            "endpoints_milliseconds": endpoints,
            # Upper bounds of buckets; unknown without an exchange since the review before.
            "rpc_p95_at_most_seconds": bounds or None,
            "rpc_buckets": buckets,
            "bytes": sizes,
            "grown_bytes": _grown(sizes, before.get("bytes", {})),
        },
    )


def _success() -> Decimal | None:
    """Of transactions in blocks of closed days; None without any."""
    since = timezone.now() - QUARTER
    rows = Rollup.objects.filter(
        metric=Metric.TRANSACTIONS, period=Rollup.Period.DAY, starts_at__gte=since
    )
    counts = dict(rows.order_by().values_list("outcome").annotate(n=Sum("count")))
    total = sum(counts.values())
    return Decimal(counts.get("succeeded", 0)) / total if total else None


def _jobs() -> dict[str, float]:
    took = ExpressionWrapper(F("finished_at") - F("started_at"), output_field=DurationField())
    rows = WakeUp.objects.filter(finished_at__gte=F("started_at")).annotate(took=took)
    slowest = rows.order_by("-took").values_list("key", "took")[:10]
    return {key: round(length.total_seconds(), 2) for key, length in slowest}


def _endpoints() -> dict[str, int]:
    rows = RpcEndpoint.objects.filter(enabled=True, latency_ms__isnull=False)
    return {
        f"{row.network.slug}/{row.name}": row.latency_ms or 0
        for row in rows.select_related("network")
    }


def _sizes() -> dict[str, int]:
    """Bytes of the largest tables with their indexes; of SQLite only the file says its size."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT relname, pg_total_relation_size(relid) FROM pg_stat_user_tables "
                "ORDER BY 2 DESC LIMIT 20"
            )
            return dict(cursor.fetchall())
        cursor.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        return {"all tables": cursor.fetchone()[0]}


def _figures_before() -> dict[str, Any]:
    """Of the review before this one; none the first time."""
    rows = Operation.objects.filter(kind=Operation.Kind.PERFORMANCE).exclude(figures={})
    last = rows.order_by("-started_at").first()
    return last.figures if last else {}


def _grown(sizes: dict[str, int], before: dict[str, int]) -> dict[str, int]:
    return {name: size - before[name] for name, size in sizes.items() if name in before}
