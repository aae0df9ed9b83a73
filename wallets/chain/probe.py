"""Ask endpoints whether they answer at all: quickly, side by side, for health's sake."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from django.utils import timezone

from wallets.chain import rates
from wallets.chain.access import require_allowed
from wallets.chain.deadlines import Deadline, answers_within
from wallets.chain.endpoint import require_chain_id
from wallets.chain.errors import ChainError
from wallets.chain.health import record_failure
from wallets.chain.rpc import JsonRpc
from wallets.chain.values import hex_int
from wallets.models import Network, RpcEndpoint

PROBE_SECONDS = 1.0
PROBE_CALLS = 2


@dataclass(frozen=True, slots=True)
class Probe:
    """What an endpoint said when it was asked for its chain and its newest block."""

    endpoint: RpcEndpoint
    head: int | None = None
    latency_ms: int | None = None
    error: str = ""


def probe_endpoints(asked: Sequence[tuple[Network, RpcEndpoint]]) -> list[Probe]:
    """Ask them all at once; whoever is silent after PROBE_SECONDS has not answered."""
    for _, endpoint in asked:
        rates.count(endpoint, PROBE_CALLS)
    calls = {endpoint.pk: partial(_probe, network, endpoint) for network, endpoint in asked}
    given = dict(answers_within(calls, Deadline(PROBE_SECONDS)))
    return [given.get(endpoint.pk, _silence(endpoint)) for _, endpoint in asked]


def record_probe(probe: Probe) -> None:
    """Write down what was learned, as an ordinary call through the endpoint would have."""
    if probe.error:
        record_failure(probe.endpoint, probe.error)
        return
    now = timezone.now()
    row = RpcEndpoint.objects.filter(pk=probe.endpoint.pk)
    # A pause that the endpoint asked for stands; one that errors brought about is over.
    row.exclude(consecutive_errors=0).update(open_until=None)
    row.update(
        checked_at=now,
        answered_at=now,
        latency_ms=probe.latency_ms,
        head_block=probe.head,
        head_block_at=now,
        consecutive_errors=0,
        last_error="",
    )


def _probe(network: Network, endpoint: RpcEndpoint) -> Probe:
    try:
        require_allowed(network)
        rpc = JsonRpc(endpoint.name, endpoint.url)
        started = time.monotonic()
        chain_id, head = rpc.batch([("eth_chainId", []), ("eth_blockNumber", [])], PROBE_SECONDS)
        require_chain_id(endpoint.name, chain_id, network)
        if isinstance(head, ChainError):
            raise head
        number = hex_int(head)
    except ChainError as error:
        return Probe(endpoint, error=str(error))
    return Probe(endpoint, number, int((time.monotonic() - started) * 1000))


def _silence(endpoint: RpcEndpoint) -> Probe:
    return Probe(endpoint, error=f"{endpoint.name} did not answer within {PROBE_SECONDS:g} s")
