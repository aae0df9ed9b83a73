"""Which networks answer: by what was heard lately, else by asking now."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Prefetch

from wallets.chain.probe import Probe, probe_endpoints
from wallets.models import Network, RpcEndpoint

ANSWER_COUNTS_FOR = timedelta(minutes=1)
# /health is open to everyone: it must not become a way to hammer an endpoint that is down.
ASK_AGAIN_AFTER = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class EndpointState:
    """An endpoint as recorded, and what it said just now if it was asked."""

    row: RpcEndpoint
    answers: bool
    probe: Probe | None = None


@dataclass(frozen=True, slots=True)
class NetworkState:
    """A network, by those of its endpoints that are read from."""

    network: Network
    endpoints: tuple[EndpointState, ...]

    @property
    def answers(self) -> bool:
        """Whether any of them does."""
        return any(endpoint.answers for endpoint in self.endpoints)

    @property
    def probes(self) -> list[Probe]:
        """What was asked just now."""
        return [endpoint.probe for endpoint in self.endpoints if endpoint.probe]


def look_at_networks(now: datetime) -> tuple[NetworkState, ...]:
    """The state of every enabled network; asks where nothing was heard for a minute."""
    readable = RpcEndpoint.objects.filter(enabled=True, can_read=True)
    networks = Network.objects.filter(enabled=True).prefetch_related(
        Prefetch("endpoints", readable)
    )
    to_ask = [
        (network, row)
        for network in networks
        if not any(_answered(row, now) for row in network.endpoints.all())
        for row in network.endpoints.all()
        if not _just_failed(row, now)
    ]
    probes = {probe.endpoint.pk: probe for probe in probe_endpoints(to_ask)}
    return tuple(
        NetworkState(
            network,
            tuple(_state(row, probes.get(row.pk), now) for row in network.endpoints.all()),
        )
        for network in networks
    )


def _state(row: RpcEndpoint, probe: Probe | None, now: datetime) -> EndpointState:
    return EndpointState(row, not probe.error if probe else _answered(row, now), probe)


def _answered(row: RpcEndpoint, now: datetime) -> bool:
    """Whether its last exchange was an answer, and lately."""
    fresh = row.answered_at is not None and now - row.answered_at <= ANSWER_COUNTS_FOR
    return fresh and not row.consecutive_errors


def _just_failed(row: RpcEndpoint, now: datetime) -> bool:
    recent = row.checked_at is not None and now - row.checked_at < ASK_AGAIN_AFTER
    return recent and row.consecutive_errors > 0
