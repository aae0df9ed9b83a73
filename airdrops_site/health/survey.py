"""What several checks of one report look at, read once."""

from datetime import datetime, timedelta
from functools import cached_property

from django.utils import timezone

from airdrops_site.health.chains import NetworkState, look_at_networks
from wallets import clusters
from wallets.chain.probe import Probe
from wallets.models import WorkerCluster

# A cluster that was killed is missed this long; then its place was taken or meant to stay empty.
MISSED_FOR = timedelta(minutes=10)


class Survey:
    """One look around, at one moment. Everything but the probes comes from the database."""

    def __init__(self) -> None:
        self.now = timezone.now()
        self.probes: list[Probe] = []

    @cached_property
    def networks(self) -> tuple[NetworkState, ...]:
        """Every enabled network; those not heard from lately are asked now."""
        states = look_at_networks(self.now)
        self.probes += [probe for state in states for probe in state.probes]
        return states

    @cached_property
    def clusters(self) -> tuple[WorkerCluster, ...]:
        """The clusters that are, or were until lately, alive and were not ended in order."""
        rows = WorkerCluster.objects.filter(fenced_at__isnull=True)
        since = self.now - MISSED_FOR
        return tuple(row for row in rows if (row.beat_at or row.started_at) > since)

    def age(self, moment: datetime) -> float:
        """Seconds since then."""
        return max(0.0, (self.now - moment).total_seconds())

    def is_recent(self, moment: datetime | None) -> bool:
        """Whether it is so fresh that a worker or pulse that wrote it counts as alive."""
        return moment is not None and self.now - moment <= clusters.STALE_AFTER
