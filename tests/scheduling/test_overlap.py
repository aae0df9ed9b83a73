"""Runs of one wallet that rely on the same allowance follow one another."""

from pathlib import Path

import pytest
from django.utils import timezone

from protocols.models import Protocol
from scheduling.dispatch import dispatch_due
from scheduling.models import Run, Task
from scheduling.runs import advance_runs, start_run
from scheduling.services import create_task
from scheduling.states import RunState
from tests.chains import ETHER
from tests.market import Market
from wallets.chain.client import NetworkClient
from wallets.models import Network, NonceLane, Wallet
from wallets.services import create_keystore_wallet, verify_wallet
from wallets.transactions.tick import tick
from wallets.transactions.watch import watch

pytestmark = [pytest.mark.django_db, pytest.mark.db]
USDC = 10**6


@pytest.fixture
def trader(registered: Network, market: Market, keystores: Path) -> Wallet:
    """A verified wallet with 10 ETH and 100 USDC."""
    wallet = create_keystore_wallet(label="trader", scrypt_n=2)
    market.rpc.call("anvil_setBalance", wallet.address, hex(10 * ETHER))
    market.give("USDC", wallet.address, 100 * USDC)
    return verify_wallet(wallet=wallet)


def swaps(network: Network, market: Market, wallet: Wallet, count: int) -> list[Run]:
    """Runs of as many tasks, each of which needs an allowance for the same token."""
    params = {
        "token_in": market.manifest.l2.token("USDC").contract.address,
        "token_out": "native",
        "amount": str(5 * USDC),
    }
    for number in range(count):
        task = Task(
            name=f"swap {number}",
            protocol=Protocol.objects.get(slug="evm"),
            action="swap",
            network=network,
            params=params,
            schedule=Task.Schedule.ONCE,
            starts_at=timezone.now(),
        )
        create_task(task=task, wallets={wallet: {}})
    dispatch_due()
    return list(Run.objects.order_by("pk"))


def one_round(network: Network, market: Market) -> None:
    """Everything the workers would do until the next block."""
    Run.objects.exclude(wake_at=None).update(wake_at=timezone.now())
    advance_runs()
    for lane in NonceLane.objects.all():
        tick(lane.pk)
    market.rpc.call("evm_mine")
    watch(network, NetworkClient(network))


def test_swaps_that_need_the_same_allowance_all_succeed(
    registered: Network, market: Market, trader: Wallet
) -> None:
    swaps(registered, market, trader, 3)
    for _ in range(60):
        one_round(registered, market)
        if not Run.objects.exclude(state=RunState.SUCCEEDED).exists():
            break
    assert [(run.state, run.detail) for run in Run.objects.all()] == 3 * [("succeeded", "")]


def test_the_second_waits_and_says_for_whom(
    registered: Network, market: Market, trader: Wallet
) -> None:
    first, second = swaps(registered, market, trader, 2)
    start_run(first)
    start_run(second)
    assert second.state == RunState.HELD
    assert second.detail == f"waits for run {first.pk}, which uses the same allowance"
