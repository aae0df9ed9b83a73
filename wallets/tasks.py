"""What the workers run on this floor: turns for lanes and requests, watch passes, new keys."""

import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import takewhile

import structlog
from django.conf import settings
from django.utils import timezone

from wallets import allowance_scans, key_checks, leases, revocations, tallies, wakeups
from wallets.actors import this_worker
from wallets.balances import lease_name, networks_with_balances, take_snapshot
from wallets.chain.client import ChainError, NetworkClient
from wallets.clusters import is_stopping
from wallets.gas import networks_with_gas, read_gas
from wallets.models import Lease, Network, NonceLane, Transaction
from wallets.price_sources import configured_sources
from wallets.prices import priced_tokens, refresh_prices
from wallets.requests import work
from wallets.transactions.states import WATCHED
from wallets.transactions.tick import tick
from wallets.transactions.watch import watch
from wallets.verification import due_wallets, verify_due

log = structlog.get_logger(__name__)

HANDFUL = 8
# A job ends after so long, another goes on: while every worker is at lanes, a watch pass waits
# behind them in the queue.
JOB_SECONDS = 2.0
# A pass is safe beside another; the lease only saves requests.
WATCH_LEASE = timedelta(seconds=5)
# As long as a worker lives with one job.
JOB_LEASE = timedelta(seconds=60)
# After a reading that failed the next one comes sooner than the interval, if that is long.
BALANCE_RETRY = timedelta(seconds=30)
# Several readings within the hour of which the last is kept: it is also what gas costs now.
GAS_INTERVAL = timedelta(minutes=5)
# One worker at a time opens new keys, and not for long: lanes wait for workers too.
# A job of many wallets ends in time for lanes to have their turn.
SCAN_SECONDS = 10.0
VERIFY_LEASE, VERIFY_SECONDS = timedelta(seconds=50), 5.0


def register_wakeups() -> None:
    """Register this floor's wake-ups with the pulse."""
    wakeups.register(wakeups.Periodic("tick", "wallets.tasks.tick_lanes", _lanes_due))
    wakeups.register(wakeups.Periodic("watch", "wallets.tasks.watch_network", _networks_due))
    wakeups.register(wakeups.Periodic("requests", "wallets.tasks.work_requests", _requests_due))
    wakeups.register(
        wakeups.Periodic("balances", "wallets.tasks.read_network_balances", _balances_due)
    )
    wakeups.register(
        wakeups.Periodic("allowances", "wallets.tasks.scan_network_allowances", _scans_due)
    )
    wakeups.register(
        wakeups.Periodic("revocations", "wallets.tasks.verify_revocations", _revocations_due)
    )
    wakeups.register(wakeups.Periodic("prices", "wallets.tasks.read_prices", _prices_due))
    wakeups.register(wakeups.Periodic("gas", "wallets.tasks.read_network_gas", _gas_due))
    wakeups.register(wakeups.Periodic("verify", "wallets.tasks.verify_wallets", _wallets_due))
    wakeups.register(wakeups.Periodic("keys", "wallets.tasks.try_keys", _keys_due))
    wakeups.register(wakeups.Periodic("tallies", "wallets.tallies.fold_all", tallies.due))


def tick_lanes() -> None:
    """Give every lane that is due its turn, the longest waiting first.

    A few at a time: another job at it takes others, and those it has done are not done again.
    """
    ends_at = time.monotonic() + JOB_SECONDS
    while True:
        due = NonceLane.objects.filter(wake_at__lte=timezone.now()).order_by("wake_at")
        lanes = list(due.values_list("pk", flat=True)[:HANDFUL])
        if len(lanes) == HANDFUL:
            # More than one worker can do at once: another one joins.
            wakeups.request("tick")
        wakeups.each(tick, takewhile(lambda _lane: time.monotonic() < ends_at, lanes))
        if len(lanes) < HANDFUL or time.monotonic() >= ends_at or is_stopping():
            return


def watch_network(network_id: str) -> None:
    """One watch pass over a network, unless another process is at it."""
    network = Network.objects.get(pk=network_id)
    name, owner = f"watch:{network_id}", this_worker()
    if not leases.take(name, owner=owner, duration=WATCH_LEASE):
        return
    try:
        watch(network, NetworkClient(network))
    finally:
        # Looking more often than blocks come only costs requests.
        pause = timedelta(seconds=min(max(network.block_seconds / 3, 0.5), 10))
        leases.release(name, owner=owner, free_from=timezone.now() + pause)


def work_requests() -> None:
    """Sign, send and ask about what is due among signed requests."""
    work.work_requests()


def read_network_balances(network_id: str) -> None:
    """Read what all wallets hold on a network, unless another process is at it or just was."""
    name, owner = lease_name(network_id), this_worker()
    if not leases.take(name, owner=owner, duration=JOB_LEASE):
        return
    network = Network.objects.get(pk=network_id)
    pause = min(BALANCE_RETRY, _balance_interval())
    try:
        taken = take_snapshot(network=network, client=NetworkClient(network))
        pause = _balance_interval()
        log.info("balances_read", network=network.slug, read=taken.read, unknown=taken.unknown)
    except ChainError as error:
        # What was known stays, and grows old where everybody can see it.
        log.warning("balances_not_read", network=network.slug, reason=str(error))
    finally:
        leases.release(name, owner=owner, free_from=timezone.now() + pause)


def read_network_gas(network_id: str) -> None:
    """Read what gas costs on a network, unless another process is at it or just was."""
    name, owner = f"gas:{network_id}", this_worker()
    if not leases.take(name, owner=owner, duration=JOB_LEASE):
        return
    network = Network.objects.get(pk=network_id)
    pause = BALANCE_RETRY
    try:
        read_gas(network, NetworkClient(network))
        pause = GAS_INTERVAL
    except ChainError as error:
        # What was known grows old, and is unknown then.
        log.warning("gas_not_read", network=network.slug, reason=str(error))
    finally:
        leases.release(name, owner=owner, free_from=timezone.now() + pause)


def scan_network_allowances(network_id: str) -> None:
    """Go on with the scan of a network's allowances for a while; another job does the rest."""
    network = Network.objects.get(pk=network_id)
    try:
        scan = allowance_scans.scan_allowances(
            network=network, client=NetworkClient(network), seconds=SCAN_SECONDS
        )
    except ChainError as error:
        # What was known stays, and grows old where everybody can see it.
        log.warning("allowances_not_read", network=network.slug, reason=str(error))
        return
    if scan is not None and scan.finished_at:
        log.info("allowances_read", network=network.slug, asked=scan.asked, unknown=scan.unknown)


def verify_revocations() -> None:
    """Ask the chains what revocations that have ended left."""
    revocations.verify_revocations()


def read_prices() -> None:
    """Ask every source for the prices of what is held, unless another process is at it."""
    owner = this_worker()
    if not leases.take("prices", owner=owner, duration=JOB_LEASE):
        return
    try:
        for problem in refresh_prices(tokens=priced_tokens(), sources=configured_sources()):
            log.warning("price_not_read", reason=problem)
    finally:
        pause = timedelta(seconds=settings.PRICE_SECONDS)
        leases.release("prices", owner=owner, free_from=timezone.now() + pause)


def _prices_due() -> Iterator[str]:
    busy = Lease.objects.filter(name="prices", expires_at__gt=timezone.now())
    if settings.PRICE_SECONDS and configured_sources() and not busy.exists():
        yield ""


def _balance_interval() -> timedelta:
    return timedelta(seconds=settings.BALANCE_SECONDS)


def _balances_due() -> list[str]:
    if not settings.BALANCE_SECONDS:
        return []
    return _free("balances", set(networks_with_balances().values_list("pk", flat=True)))


def _gas_due() -> list[str]:
    return _free("gas", set(networks_with_gas().values_list("pk", flat=True)))


def _scans_due() -> list[str]:
    if not settings.ALLOWANCE_SECONDS:
        return []
    return _free("allowances", set(allowance_scans.networks_to_scan().values_list("pk", flat=True)))


def _revocations_due() -> Iterator[str]:
    if revocations.due().exists():
        yield ""


def verify_wallets() -> None:
    """Ask the keys of wallets that came in; the rest has its turn at the next pass."""
    owner = this_worker()
    if not leases.take("verify", owner=owner, duration=VERIFY_LEASE):
        return
    try:
        verify_due(actor=owner, seconds=VERIFY_SECONDS)
    finally:
        leases.release("verify", owner=owner)


def try_keys() -> None:
    """See whether keys can still be opened; the rest has its turn at the next pass."""
    owner = this_worker()
    if not leases.take("keys", owner=owner, duration=VERIFY_LEASE):
        return
    try:
        key_checks.try_keys(seconds=VERIFY_SECONDS)
    finally:
        leases.release("keys", owner=owner)


def _keys_due() -> Iterator[str]:
    if key_checks.due_keys().exists():
        yield ""


def _lanes_due() -> Iterator[str]:
    if NonceLane.objects.filter(wake_at__lte=timezone.now()).exists():
        yield ""


def _networks_due() -> list[str]:
    under_way = Transaction.objects.filter(state__in=WATCHED).order_by()
    networks = set(under_way.values_list("network_id", flat=True).distinct())
    return _free("watch", networks)


def _free(kind: str, networks: set[int]) -> list[str]:
    """Those of the networks whose lease for this work nobody has."""
    names = [f"{kind}:{network}" for network in networks]
    busy = Lease.objects.filter(name__in=names, expires_at__gt=timezone.now())
    taken = set(busy.values_list("name", flat=True))
    return [str(network) for network in networks if f"{kind}:{network}" not in taken]


def _requests_due() -> Iterator[str]:
    if work.due_requests().exists():
        yield ""


def _wallets_due() -> Iterator[str]:
    if due_wallets().exists():
        yield ""
