"""Saying that what hours were added up from has changed; the ledger says so by its trigger."""

from collections.abc import Iterable
from datetime import datetime

from analytics.models import RollupDirt
from analytics.rollups.numbers import hour_of


def mark_changed(metrics: Iterable[str], moments: Iterable[datetime]) -> None:
    """Have the hours of these moments added up anew."""
    hours = {hour_of(moment) for moment in moments}
    if not hours:
        return
    RollupDirt.objects.bulk_create(
        RollupDirt(metric=metric, hour=hour) for metric in metrics for hour in sorted(hours)
    )
