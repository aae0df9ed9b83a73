"""The networks, their clocks, and the contracts on record; everything is only read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.utils import timezone

from airdrops_site.preflight.lines import Line, failed, ok, unknown, warning
from protocols.models import Deployment
from wallets.chain import rates
from wallets.chain.access import require_allowed
from wallets.chain.deadlines import Deadline, answers_within
from wallets.chain.endpoint import require_chain_id
from wallets.chain.errors import ChainError, WrongChain
from wallets.chain.rpc import JsonRpc
from wallets.chain.values import hex_int
from wallets.models import Network, RpcEndpoint

PATIENCE = 5.0
CALLS = 2
# A block may be made a little ahead of its time; more than this and it is our clock.
AHEAD = 15
VERIFIED_WITHIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Told:
    """What an endpoint said: the time of its newest block (Unix seconds), or why nothing."""

    block_at: int = 0
    silent: str = ""
    wrong: str = ""


def look_at_networks() -> Iterator[Line]:
    """Every enabled endpoint is asked, side by side, for its chain and its newest block."""
    endpoints = list(
        RpcEndpoint.objects.filter(enabled=True, network__enabled=True).select_related("network")
    )
    if not endpoints:
        yield warning("networks", "there is no enabled network with an enabled endpoint")
        return
    for endpoint in endpoints:
        rates.count(endpoint, CALLS)
    calls = {one.pk: partial(_ask, one.network, one.name, one.url) for one in endpoints}
    given = dict(answers_within(calls, Deadline(PATIENCE)))
    for endpoint in endpoints:
        silence = Told(silent=f"{endpoint.name} did not answer within {PATIENCE:g} s")
        yield _endpoint_line(endpoint, given.get(endpoint.pk, silence))
    yield from _clock_lines(endpoints, given)


def _ask(network: Network, name: str, url: str) -> Told:
    try:
        require_allowed(network)
        requests: list[tuple[str, list[Any]]] = [
            ("eth_chainId", []),
            ("eth_getBlockByNumber", ["latest", False]),
        ]
        chain_id, block = JsonRpc(name, url).batch(requests, PATIENCE)
        require_chain_id(name, chain_id, network)
        if isinstance(block, ChainError):
            raise block
        if not isinstance(block, dict):
            return Told(silent=f"{name} has no newest block")
        return Told(block_at=hex_int(block.get("timestamp")))
    except WrongChain as error:
        return Told(wrong=str(error))
    except ChainError as error:
        return Told(silent=str(error))


def _endpoint_line(endpoint: RpcEndpoint, told: Told) -> Line:
    name = f"network {endpoint.network.slug}"
    if told.wrong:
        return failed(name, told.wrong)
    if told.silent:
        return unknown(name, told.silent)
    return ok(name, f"{endpoint.name} answers as chain {endpoint.network.chain_id}")


def _clock_lines(endpoints: list[RpcEndpoint], given: dict[int, Told]) -> Iterator[Line]:
    """A block of the future says that our clock is late; one of the past says nothing."""
    now = int(timezone.now().timestamp())
    for endpoint in endpoints:
        ahead = given.get(endpoint.pk, Told()).block_at - now
        if ahead <= AHEAD:
            continue
        told = f"the newest block of {endpoint} is {ahead} s ahead of this machine's clock"
        # A devnet's clock is set by whoever plays with it.
        is_play = endpoint.network.kind == Network.Kind.DEVNET
        yield (warning if is_play else failed)("clock", f"{told}; set it by NTP")


def look_at_deployments() -> Iterator[Line]:
    """What the workers' own looks found; a start asks the chain nothing about contracts."""
    enabled = Deployment.objects.filter(enabled=True, network__enabled=True)
    changed = Deployment.objects.filter(changed_at__isnull=False).count()
    if changed:
        told = f"{changed} contracts are not what was on record"
        yield failed("deployments", f"{told}; see `manage.py deployments list --changed`")
    fresh = enabled.filter(verified_at__gte=timezone.now() - VERIFIED_WITHIN).count()
    if missing := enabled.count() - fresh:
        told = f"{missing} enabled contracts were not seen on their chain within a day"
        yield warning("deployments", f"{told}; run `manage.py deployments verify`")
    elif not changed:
        yield ok("deployments", f"{fresh} enabled contracts were seen on their chain within a day")
