"""Once a revocation that a person asked for has ended, the chain is asked what is left."""

from typing import Any

import pytest
from django.utils import timezone

from airdrops_site.devnet.ports import free_port
from scheduling.allowances import revoke_now
from tests.market import Market
from tests.protocols.operators import USDC
from tests.scheduling.trading import (
    allowed,
    one_round,
    revocations,
    router,
    run_of,
    until_ended,
    usdc,
)
from wallets.allowance_scans import scan_allowances
from wallets.chain.client import NetworkClient
from wallets.models import Allowance, Network, RpcEndpoint, Transition, Wallet
from wallets.revocations import due, verify_revocations
from wallets.services import engage_stop
from wallets.transactions.operator import cancel_transaction

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def standing(registered: Network, market: Market, trader: Wallet) -> Allowance:
    """5 USDC that the router may take, as a scan found them."""
    params = {"token": usdc(market), "spender": router(market), "amount": str(5 * USDC)}
    run_of(registered, trader, "approve", params)
    until_ended(registered, market)
    return rescan(registered)


def rescan(network: Network) -> Allowance:
    assert scan_allowances(network=network, client=NetworkClient(network), at_once=True)
    return Allowance.objects.get()


def take_back(row: Allowance, **how: Any) -> None:
    revoke_now(allowance=row, origin="operator", actor="tests", **how)


def verify() -> Allowance:
    """Whatever it waits for."""
    Allowance.objects.exclude(verify_at=None).update(verify_at=timezone.now())
    verify_revocations()
    return Allowance.objects.get()


def until_verified(network: Network, market: Market) -> Allowance:
    for _ in range(20):
        one_round(network, market)
        if verify().verify_at is None:
            return Allowance.objects.get()
    raise AssertionError("nothing was ever verified")


def last_words() -> str:
    return Transition.objects.filter(subject="allowance").latest("id").reason


def test_it_is_zero_on_chain_and_said_so(
    standing: Allowance, registered: Network, market: Market, trader: Wallet
) -> None:
    take_back(standing, reason="not needed")
    take_back(standing)
    row = until_verified(registered, market)
    (revocation,) = revocations()
    assert (row.amount, allowed(market, trader), revocation.state) == (0, 0, "final")
    assert last_words().startswith("nothing is left at block")
    assert last_words().endswith(f"after transaction {revocation.pk} ended")


def test_before_the_end_nothing_is_verified(
    standing: Allowance, registered: Network, market: Market
) -> None:
    take_back(standing)
    one_round(registered, market)
    row = verify()
    assert (row.amount, row.verify_at is not None) == (5 * USDC, True)


def test_a_node_behind_the_revocation_says_nothing(
    standing: Allowance, registered: Network, market: Market
) -> None:
    take_back(standing)
    for _ in range(6):
        one_round(registered, market)
    revocations()[0].receipts.update(block_number=10**9)
    row = verify()
    assert (row.amount, row.verify_at is not None) == (5 * USDC, True)


def test_a_network_that_does_not_answer_is_asked_again(
    standing: Allowance, registered: Network, market: Market
) -> None:
    take_back(standing)
    for _ in range(6):
        one_round(registered, market)
    right = market.rpc.url
    RpcEndpoint.objects.update(url=f"http://127.0.0.1:{free_port()}")
    assert verify().verify_at is not None
    assert not due().exists()
    RpcEndpoint.objects.update(url=right, open_until=None, consecutive_errors=0)
    assert verify().amount == 0


def test_one_that_came_to_nothing_leaves_it_standing_and_can_be_asked_for_again(
    standing: Allowance, registered: Network, market: Market
) -> None:
    engage_stop(reason="a look", actor="tests")
    take_back(standing)
    cancel_transaction(transaction_id=revocations()[0].pk, actor="tests", reason="not wanted")
    row = until_verified(registered, market)
    assert row.amount == 5 * USDC
    assert "5 USDC still stands at block" in last_words()
    take_back(row)
    assert len(revocations()) == 2


def test_a_scan_does_not_settle_what_a_revocation_left(
    standing: Allowance, registered: Network, market: Market
) -> None:
    take_back(standing)
    for _ in range(2):
        one_round(registered, market)
    row = rescan(registered)
    assert (row.amount, row.verify_at is not None) == (0, True)
    assert until_verified(registered, market).amount == 0
