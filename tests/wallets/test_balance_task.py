"""Balances are read at intervals, by one process at a time, and what failed is tried again."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from tests.chains import ETHER, Chain
from tests.wallets.rpc_servers import RpcServer, prefer, refusing, serve
from wallets import leases, wakeups
from wallets.models import Balance, BalanceSnapshot, Lease, Network, Wallet
from wallets.tasks import read_network_balances

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def server(network: Network, wallet: Wallet, chain: Chain) -> Iterator[RpcServer]:
    """A node in front of the chain that counts, and may tell something else."""
    with serve(chain.url) as running:
        prefer(network, running)
        network.endpoints.exclude(name="bad").update(enabled=False)
        yield running


def due() -> list[str]:
    """The networks whose balances are due, as the pulse asks."""
    (periodic,) = (one for one in wakeups.registered() if one.name == "balances")
    return list(periodic.due())


def read(network: Network) -> None:
    read_network_balances(str(network.pk))


def test_balances_are_read_and_then_rest_for_the_interval(
    network: Network, wallet: Wallet, settings: Settings
) -> None:
    assert due() == [str(network.pk)]
    read(network)
    assert (Balance.objects.get().amount, due()) == (10 * ETHER, [])
    free = Lease.objects.get(name=f"balances:{network.pk}").expires_at
    assert free is not None
    assert free - timezone.now() > timedelta(seconds=settings.BALANCE_SECONDS - 5)


def test_the_job_done_twice_reads_once(server: RpcServer, network: Network) -> None:
    read(network)
    asked = len(server.bodies)
    read(network)
    assert (len(server.bodies), BalanceSnapshot.objects.count()) == (asked, 1)


def test_while_another_process_reads_nobody_else_does(server: RpcServer, network: Network) -> None:
    leases.take(f"balances:{network.pk}", owner="another", duration=timedelta(seconds=30))
    read(network)
    assert (due(), server.bodies) == ([], [])


def test_a_reading_that_failed_is_tried_again_soon_and_changes_nothing(
    server: RpcServer, network: Network
) -> None:
    server.tamper = refusing("eth_getBlockByNumber", "header not found")
    read(network)
    free = Lease.objects.get(name=f"balances:{network.pk}").expires_at
    assert free is not None
    assert free - timezone.now() < timedelta(seconds=31)
    assert not Balance.objects.exists()


def test_a_reading_that_changes_nothing_leaves_no_snapshot_behind(
    network: Network, wallet: Wallet, chain: Chain
) -> None:
    for _ in range(3):
        chain.mine()
        read(network)
        Lease.objects.update(expires_at=None)
    first, last = BalanceSnapshot.objects.order_by("id")
    assert (first.points.count(), last.points.count(), last.balances.count()) == (1, 0, 1)


@pytest.mark.parametrize(
    "change",
    [
        lambda network: Network.objects.update(enabled=False),
        lambda network: Network.objects.update(kind="mainnet"),
        lambda network: network.tokens.update(enabled=False),
        lambda network: network.endpoints.update(enabled=False),
        lambda network: Wallet.objects.update(status="retired"),
    ],
)
def test_where_there_is_nothing_to_ask_or_it_is_not_allowed_nobody_asks(
    network: Network, wallet: Wallet, change: object
) -> None:
    assert callable(change)
    change(network)
    assert due() == []


def test_with_an_interval_of_zero_they_are_read_only_on_request(
    network: Network, wallet: Wallet, settings: Settings
) -> None:
    settings.BALANCE_SECONDS = 0
    assert due() == []
