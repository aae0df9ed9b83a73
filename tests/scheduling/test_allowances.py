"""What runs leave of the allowances they gave is taken back, once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from airdrops_site.devnet.ports import free_port
from scheduling.allowances import MOST_TRIES, needing_operator, revoke_now
from scheduling.models import Run, RunAllowance
from tests.market import Market
from tests.protocols.operators import USDC
from tests.scheduling.trading import (
    allowed,
    crash_the_price,
    one_round,
    revocations,
    router,
    run_of,
    swap,
    until_allowed,
    until_ended,
    until_settled,
    usdc,
    work,
)
from wallets.models import Allowance, Network, Receipt, RpcEndpoint, Wallet
from wallets.services import engage_stop, lift_stop

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def doomed(registered: Network, market: Market, trader: Wallet) -> Run:
    """A run whose allowance is given and whose swap would revert."""
    run = swap(registered, market, trader)
    until_allowed(registered, market, trader)
    crash_the_price(market)
    return run


@pytest.fixture
def failed(doomed: Run, registered: Network, market: Market) -> Run:
    """A run that failed when its allowance was given and not used."""
    until_ended(registered, market)
    doomed.refresh_from_db()
    assert (doomed.state, "it would revert" in doomed.detail) == ("failed", True)
    return doomed


def test_a_failed_run_leaves_no_allowance(
    failed: Run, registered: Network, market: Market, trader: Wallet
) -> None:
    until_settled(registered, market)
    assert allowed(market, trader) == 0
    (revocation,) = revocations()
    assert (revocation.state, revocation.protocol) == ("final", "evm")
    assert revocation.idempotency_key.startswith(f"run:{failed.pk}:revoke:")
    assert RunAllowance.objects.get().detail == "nothing is left"
    kept = Allowance.objects.get()
    assert (kept.amount, kept.spender, kept.revocation) == (0, router(market), revocation)


def test_a_run_that_used_all_is_checked_and_nothing_is_sent(
    registered: Network, market: Market, trader: Wallet
) -> None:
    swap(registered, market, trader)
    until_settled(registered, market)
    assert (allowed(market, trader), revocations()) == (0, [])
    kept = Allowance.objects.get()
    assert (kept.wallet, kept.token.address, kept.amount) == (trader, usdc(market), 0)
    head = int(market.rpc.call("eth_blockNumber"), 16)
    assert 0 < kept.block_number <= head


def test_what_is_left_is_recorded_with_its_block(
    failed: Run, market: Market, trader: Wallet
) -> None:
    kept = Allowance.objects.get()
    head = int(market.rpc.call("eth_blockNumber"), 16)
    assert (kept.amount, kept.block_number) == (5 * USDC, head - 1)


def test_a_revocation_waits_while_a_stop_is_engaged(
    doomed: Run, registered: Network, market: Market, trader: Wallet
) -> None:
    engage_stop(reason="looking", actor="test")
    until_ended(registered, market)
    for _ in range(6):
        one_round(registered, market)
    (revocation,) = revocations()
    assert (revocation.state, revocation.hold_reason) == ("held", "stop")
    assert allowed(market, trader) == 5 * USDC
    lift_stop(reason="seen", actor="test")
    until_settled(registered, market)
    assert (allowed(market, trader), len(revocations())) == (0, 1)


def test_an_allowance_that_is_the_very_purpose_of_a_run_stays(
    registered: Network, market: Market, trader: Wallet
) -> None:
    params = {"token": usdc(market), "spender": router(market), "amount": str(7 * USDC)}
    run_of(registered, trader, "approve", params)
    until_ended(registered, market)
    for _ in range(6):
        one_round(registered, market)
    assert (allowed(market, trader), revocations()) == (7 * USDC, [])
    assert not RunAllowance.objects.exists()


def test_what_cannot_be_taken_back_needs_an_operator(
    left: Run, registered: Network, market: Market, trader: Wallet
) -> None:
    RunAllowance.objects.update(tries=MOST_TRIES)
    work(registered)
    row = needing_operator().get()
    assert row.detail == "5000000 are left after 8 revocations; it needs an operator"
    assert row.look_at is not None
    assert row.look_at > timezone.now() + timedelta(hours=23)
    assert revocations() == []
    allowance = Allowance.objects.get()
    revoke_now(allowance=allowance, origin="operator", actor="test")
    until_settled(registered, market)
    assert (allowed(market, trader), needing_operator().exists()) == (0, False)


def test_a_node_from_before_the_last_use_says_nothing(left: Run, registered: Network) -> None:
    head = Receipt.objects.latest("block_number").block_number
    Receipt.objects.filter(block_number=head).update(block_number=head + 100)
    work(registered)
    assert "before its last use" in RunAllowance.objects.get().detail
    assert (revocations(), Allowance.objects.exists()) == ([], False)


def test_without_a_network_it_waits(left: Run, registered: Network) -> None:
    RpcEndpoint.objects.update(url=f"http://127.0.0.1:{free_port()}")
    work(registered)
    assert RunAllowance.objects.get().detail.startswith("waits for the network: ")
    assert revocations() == []
