"""Ask endpoints whether they answer at all: quickly, side by side, for health's sake."""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from queue import Empty, SimpleQueue
from threading import Thread

import httpx
from django.utils import timezone

from wallets.chain.client import hex_int, require_allowed, require_chain
from wallets.chain.errors import ChainError
from wallets.chain.health import record_failure
from wallets.chain.rpc import JsonRpc
from wallets.models import Network, RpcEndpoint

PROBE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Probe:
    """What an endpoint said when it was asked for its chain and its newest block."""

    endpoint: RpcEndpoint
    head: int | None = None
    latency_ms: int | None = None
    error: str = ""


def probe_endpoints(asked: Sequence[tuple[Network, RpcEndpoint]]) -> list[Probe]:
    """Ask them all at once; whoever is silent after PROBE_SECONDS has not answered.

    Threads of their own that never touch the database: one that hangs (in a name server, in a
    slow drip of bytes) is left behind and holds nothing that anybody needs.
    """
    answers: SimpleQueue[Probe] = SimpleQueue()
    for network, endpoint in asked:
        Thread(target=_put, args=(answers, network, endpoint), daemon=True).start()
    given = {probe.endpoint.pk: probe for probe in _collect(answers, len(asked))}
    return [given.get(endpoint.pk, _silence(endpoint)) for _, endpoint in asked]


def record_probe(probe: Probe) -> None:
    """Write down what was learned, as an ordinary call through the endpoint would have."""
    if probe.error:
        record_failure(probe.endpoint, probe.error)
        return
    now = timezone.now()
    RpcEndpoint.objects.filter(pk=probe.endpoint.pk).update(
        checked_at=now,
        answered_at=now,
        latency_ms=probe.latency_ms,
        head_block=probe.head,
        head_block_at=now,
        consecutive_errors=0,
        last_error="",
    )


def _put(answers: SimpleQueue[Probe], network: Network, endpoint: RpcEndpoint) -> None:
    answers.put(_probe(network, endpoint))


def _probe(network: Network, endpoint: RpcEndpoint) -> Probe:
    try:
        require_allowed(network)
        rpc = JsonRpc(endpoint.name, endpoint.url, lambda: _http(os.getpid()))
        require_chain(rpc, network)
        started = time.monotonic()
        head = hex_int(rpc.call("eth_blockNumber", []))
    except ChainError as error:
        return Probe(endpoint, error=str(error))
    return Probe(endpoint, head, int((time.monotonic() - started) * 1000))


def _collect(answers: SimpleQueue[Probe], count: int) -> Iterator[Probe]:
    deadline = time.monotonic() + PROBE_SECONDS
    for _ in range(count):
        try:
            yield answers.get(timeout=max(0.0, deadline - time.monotonic()))
        except Empty:
            return


def _silence(endpoint: RpcEndpoint) -> Probe:
    return Probe(endpoint, error=f"{endpoint.name} did not answer within {PROBE_SECONDS:g} s")


@cache
def _http(_pid: int) -> httpx.Client:
    """One client for all probes of a process: making one costs more than most answers."""
    return httpx.Client(timeout=PROBE_SECONDS, trust_env=False)
