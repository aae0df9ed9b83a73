"""A revocation and the next run that relies on the same allowance never cross."""

import pytest

from scheduling.models import Run, RunAllowance
from scheduling.overlap import look_beside, reason_to_wait
from scheduling.planning import make_plan
from scheduling.runs import start_run
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
    until_ended,
    until_settled,
    usdc,
    work,
)
from wallets.models import Allowance, Network, Transaction, Wallet
from wallets.services import engage_stop, lift_stop
from wallets.transactions.operator import cancel_transaction

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def next_run(network: Network, market: Market, wallet: Wallet, amount: int) -> Run:
    """Another run that sells as much, looked at once."""
    run = swap(network, market, wallet, params={"amount": str(amount)})
    start_run(run)
    return run


def test_a_run_waits_for_the_revocation_of_what_it_would_rely_on(
    left: Run, registered: Network, market: Market, trader: Wallet
) -> None:
    work(registered)
    (revocation,) = revocations()
    second = next_run(registered, market, trader, 5 * USDC)
    told = f"waits for transaction {revocation.pk}, which takes the same allowance back"
    assert (second.state, second.detail) == ("held", told)
    until_settled(registered, market)
    second.refresh_from_db()
    assert (second.state, allowed(market, trader), len(revocations())) == ("succeeded", 0, 1)


@pytest.mark.parametrize("amount", [3 * USDC, 5 * USDC, 8 * USDC])
def test_a_run_that_is_first_sets_it_anew_or_uses_it_and_is_looked_at_instead(
    left: Run, registered: Network, market: Market, trader: Wallet, amount: int
) -> None:
    second = next_run(registered, market, trader, amount)
    work(registered)
    waiting = RunAllowance.objects.get(run=left)
    assert (second.state, revocations()) == ("running", [])
    assert waiting.detail == f"waits for run {second.pk}, which uses the same allowance"
    until_settled(registered, market)
    second.refresh_from_db()
    assert (second.state, allowed(market, trader)) == ("succeeded", 0)
    assert len(revocations()) == (1 if amount < 5 * USDC else 0)


def test_a_revocation_that_cannot_be_signed_gives_way(
    left: Run, registered: Network, market: Market, trader: Wallet
) -> None:
    engage_stop(reason="looking", actor="test")
    work(registered)
    second = next_run(registered, market, trader, 8 * USDC)
    (revocation,) = revocations()
    assert (second.state, revocation.state) == ("running", "cancelled")
    lift_stop(reason="seen", actor="test")
    until_settled(registered, market)
    second.refresh_from_db()
    assert (second.state, allowed(market, trader)) == ("succeeded", 0)


def test_a_plan_from_before_a_revocation_is_made_again(
    left: Run, registered: Network, market: Market, trader: Wallet
) -> None:
    second = swap(registered, market, trader)
    before, planned = look_beside(second), make_plan(second)
    assert [call.label for call in planned.steps] == ["swap"]
    Run.objects.filter(pk=second.pk).update(wake_at=None)
    until_settled(registered, market)
    assert "takes the same allowance back" in reason_to_wait(second, planned.relies_on, before)
    assert reason_to_wait(second, planned.relies_on, look_beside(second)) == ""


def test_a_revocation_that_came_to_nothing_is_asked_for_again(
    left: Run, registered: Network, market: Market, trader: Wallet
) -> None:
    engage_stop(reason="looking", actor="test")
    work(registered)
    cancel_transaction(transaction_id=revocations()[0].pk, actor="test", reason="by mistake")
    lift_stop(reason="seen", actor="test")
    until_settled(registered, market)
    assert [row.state for row in revocations()] == ["cancelled", "final"]
    assert allowed(market, trader) == 0


def test_an_allowance_an_operator_set_behind_the_run_stays(
    left: Run, registered: Network, market: Market, trader: Wallet
) -> None:
    params = {"token": usdc(market), "spender": router(market), "amount": str(7 * USDC)}
    run_of(registered, trader, "approve", params)
    until_settled(registered, market)
    assert (allowed(market, trader), revocations()) == (7 * USDC, [])
    anew = Transaction.objects.filter(action="approve").latest("pk")
    assert RunAllowance.objects.get().detail == f"transaction {anew.pk} has set it anew"


@pytest.mark.parametrize("standing", [0, 2 * USDC])
def test_a_run_that_gave_nothing_takes_nothing_back(
    registered: Network, market: Market, trader: Wallet, standing: int
) -> None:
    params = {"token": usdc(market), "spender": router(market), "amount": str(standing)}
    if standing:
        run_of(registered, trader, "approve", params)
        until_ended(registered, market)
    run = swap(registered, market, trader)
    start_run(run)
    first = run.steps.get(index=0).transaction
    assert first is not None
    cancel_transaction(transaction_id=first.pk, actor="test", reason="not wanted")
    until_settled(registered, market)
    assert (allowed(market, trader), revocations()) == (standing, [])
    assert RunAllowance.objects.get().detail == "it was never given"


def test_many_runs_leave_nothing(registered: Network, market: Market, trader: Wallet) -> None:
    for number in range(6):
        swap(registered, market, trader, params={"amount": str((2 + number % 3) * USDC)})
        if number == 3:
            crash_the_price(market)
        one_round(registered, market)
    until_ended(registered, market)
    until_settled(registered, market)
    assert not Run.objects.filter(detail__contains="TRANSFER_FROM_FAILED").exists()
    assert (allowed(market, trader), Allowance.objects.get().amount) == (0, 0)


def test_what_a_reorganisation_brings_back_is_taken_back(
    registered: Network, market: Market, trader: Wallet
) -> None:
    registered.final_depth = 12
    registered.save()
    run = swap(registered, market, trader)
    while not Allowance.objects.filter(amount=0).exists():
        one_round(registered, market)
    run.refresh_from_db()
    assert (run.state, RunAllowance.objects.get().clear_at is None) == ("succeeded", False)
    swapped = run.steps.latest("index").transaction
    assert swapped is not None
    receipt = swapped.receipts.get(canonical=True)
    head = int(market.rpc.call("eth_blockNumber"), 16)
    market.rpc.call("anvil_reorg", head - receipt.block_number + 1, [])
    crash_the_price(market)
    until_settled(registered, market)
    swapped.refresh_from_db()
    assert (swapped.state, swapped.outcome) == ("final", "reverted")
    assert (allowed(market, trader), len(revocations())) == (0, 1)
