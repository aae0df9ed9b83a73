"""Saying that rows have changed which may have been added up already."""

from collections.abc import Iterable
from datetime import datetime

from analytics.models import RollupDirt
from analytics.models.rollups import Metric
from analytics.rollups.numbers import hour_of

LEDGER = (Metric.FLOWS, Metric.FLOWS_USD)


def ledger_changed(moments: Iterable[datetime]) -> None:
    """Entries of these moments were corrected or reversed, or count again; new ones are found.

    Called with the change, in the same database transaction. Rows are only added, so nobody waits
    for anybody here.
    """
    mark_changed(LEDGER, moments)


def mark_changed(metrics: Iterable[str], moments: Iterable[datetime]) -> None:
    """Have the hours of these moments added up anew."""
    hours = {hour_of(moment) for moment in moments}
    if not hours:
        return
    RollupDirt.objects.bulk_create(
        RollupDirt(metric=metric, hour=hour) for metric in metrics for hour in sorted(hours)
    )
