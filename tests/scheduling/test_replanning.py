"""What waits for cheaper gas beyond its deadline is planned anew while its task's window lasts."""

from typing import Any

import pytest
from django.utils import timezone

from scheduling.models import Run, Step, Task
from scheduling.replanning import may_plan_anew
from scheduling.runs import advance_runs
from tests import factories
from tests.market import Market
from tests.protocols.operators import ETHER, USDC
from tests.scheduling.trading import (
    allowed,
    made_on_chain,
    one_round,
    revocations,
    run_of,
    swap,
    until_ended,
    until_settled,
    usdc,
    work,
)
from wallets.models import Network, Transaction, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]

DAY = 86_400


def expire(network: Network) -> None:
    """The deadline of whatever waits for cheaper gas passes."""
    waiting = Transaction.objects.filter(state="held", hold_reason="fee_ceiling")
    assert waiting.update(valid_until=timezone.now()) == 1
    work(network)
    work(network)


def buy(network: Network, market: Market, wallet: Wallet, **fields: Any) -> Run:
    """A run that buys USDC once gas costs one wei, which it never does; its swap is held."""
    params = {"token_in": "native", "token_out": usdc(market), "amount": str(ETHER)}
    run = run_of(network, wallet, "swap", params, max_fee_ceiling=1, **fields)
    work(network)
    return run


def states(run: Run) -> list[str]:
    """Of the run's steps, in order."""
    return list(run.steps.order_by("index").values_list("state", flat=True))


def test_a_swap_that_waited_too_long_is_quoted_and_dated_anew(
    registered: Network, market: Market, trader: Wallet
) -> None:
    run = buy(registered, market, trader, window_seconds=DAY)
    expire(registered)
    expire(registered)
    run.refresh_from_db()
    assert (run.state, states(run)) == ("running", ["cancelled", "cancelled", "submitted"])
    waiting = Transaction.objects.get(state="held")
    assert waiting.valid_until is not None
    assert waiting.valid_until > timezone.now()


def test_it_is_signed_once_when_gas_is_cheap_again(
    registered: Network, market: Market, trader: Wallet
) -> None:
    run = buy(registered, market, trader, window_seconds=DAY)
    Task.objects.update(max_fee_ceiling=None)
    expire(registered)
    until_ended(registered, market)
    run.refresh_from_db()
    assert (run.state, states(run)) == ("succeeded", ["cancelled", "settled"])
    assert Transaction.objects.exclude(nonce=None).count() == 1
    assert int(market.rpc.call("eth_getTransactionCount", trader.address, "latest"), 16) == 1


def test_an_allowance_that_was_given_is_used_by_the_new_plan(
    registered: Network, market: Market, trader: Wallet
) -> None:
    run = swap(registered, market, trader, window_seconds=DAY)
    while not allowed(market, trader):
        one_round(registered, market)
    Task.objects.update(max_fee_ceiling=1)
    while not Transaction.objects.filter(state="held").exists():
        one_round(registered, market)
    Task.objects.update(max_fee_ceiling=None)
    expire(registered)
    until_settled(registered, market)
    run.refresh_from_db()
    assert (run.state, states(run)) == ("succeeded", ["settled", "cancelled", "settled"])
    assert (allowed(market, trader), revocations()) == (0, [])
    assert made_on_chain(market, trader) == [5 * USDC]


def test_without_a_window_the_run_ends_with_the_deadline(
    registered: Network, market: Market, trader: Wallet
) -> None:
    run = buy(registered, market, trader)
    expire(registered)
    run.refresh_from_db()
    assert (run.state, run.detail) == ("failed", "swap: its time ran out before it was signed")


def test_what_cannot_be_planned_any_more_says_why(
    registered: Network, market: Market, trader: Wallet
) -> None:
    run = buy(registered, market, trader, window_seconds=DAY)
    market.rpc.call("anvil_setBalance", trader.address, hex(ETHER // 2))
    expire(registered)
    run.refresh_from_db()
    assert run.state == "failed"
    assert "it cannot be planned anew: " in run.detail
    assert f"has {ETHER // 2} wei" in run.detail


@pytest.mark.parametrize(
    ("done", "anew"), [("settled", False), ("submitted", False), ("cancelled", True)]
)
def test_nothing_is_planned_anew_behind_a_step_that_moved_something(done: str, anew: bool) -> None:
    run = factories.RunFactory.create(state="running", occurrence__due_at=timezone.now())
    Task.objects.update(window_seconds=DAY)
    run.refresh_from_db()
    expired, older = (factories.TransactionFactory.create(state="expired") for _ in range(2))
    more: dict[str, Any] = {"settlement": {}} if done == "settled" else {"transaction": older}
    factories.StepFactory.create(run=run, index=0, state=done, **more)
    step = factories.StepFactory.create(run=run, index=1, transaction=expired)
    assert may_plan_anew(Step.objects.get(pk=step.pk)) is anew


def test_a_disabled_protocol_plans_nothing_anew(
    registered: Network, market: Market, trader: Wallet
) -> None:
    run = buy(registered, market, trader, window_seconds=DAY)
    run.task.protocol.enabled = False
    run.task.protocol.save()
    expire(registered)
    advance_runs()
    run.refresh_from_db()
    assert (run.state, "is disabled" in run.detail) == ("failed", True)
