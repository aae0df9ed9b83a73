"""Lending goes the way of every run, through policy, simulation and settlement."""

import pytest

from scheduling.runs import advance_runs
from tests.aave import AaveMarket
from tests.market import Market
from tests.protocols.operators import ETHER, USDC
from tests.scheduling.conftest import trader as trader
from tests.scheduling.trading import revocations, run_of, until_ended, until_settled
from wallets.models import Network, Transaction, Wallet

pytestmark = pytest.mark.django_db


def test_a_wallet_supplies_borrows_repays_and_withdraws(
    registered: Network, market: Market, aave: AaveMarket, trader: Wallet
) -> None:
    usdc = market.manifest.l2.token("USDC").contract.address
    steps = [("supply", 80), ("borrow", 40), ("repay", 30), ("withdraw", 20)]
    for action, dollars in steps:
        asked = {"asset": usdc, "amount": str(dollars * USDC)}
        run = run_of(registered, trader, action, asked, protocol="aave")
        until_ended(registered, market)
        run.refresh_from_db()
        assert (run.state, run.detail) == ("succeeded", ""), action
    assert aave.health(trader.address) > 15 * 10**17


def test_what_all_of_a_debt_leaves_of_its_allowance_is_taken_back(
    registered: Network, market: Market, aave: AaveMarket, trader: Wallet
) -> None:
    usdc = market.manifest.l2.token("USDC").contract.address
    for action, amount in (("supply", 80 * USDC), ("borrow", 40 * USDC), ("repay", "all")):
        asked = {"asset": usdc, "amount": str(amount)}
        run = run_of(registered, trader, action, asked, protocol="aave")
        until_ended(registered, market)
        run.refresh_from_db()
        assert (run.state, run.detail) == ("succeeded", ""), action
    until_settled(registered, market)
    left = ("allowance(address,address)", trader.address, aave.pool)
    assert aave.author.ask(usdc, *left) == 0
    assert len(revocations()) == 1


def test_a_price_that_falls_before_the_borrow_is_sent_costs_nothing(
    registered: Network, market: Market, aave: AaveMarket, trader: Wallet
) -> None:
    usdc = market.manifest.l2.token("USDC").contract.address
    weth = market.manifest.l2.weth.contract.address
    asked = {"asset": usdc, "amount": str(90 * USDC)}
    run_of(registered, trader, "supply", asked, protocol="aave")
    until_ended(registered, market)
    asked = {"asset": weth, "amount": str(ETHER // 1000)}
    run = run_of(registered, trader, "borrow", asked, protocol="aave")
    advance_runs()
    assert Transaction.objects.filter(state="queued").count() == 1
    aave.author.call(aave.prices, "setAssetPrice(address,uint256)", usdc, 1)
    sent = market.rpc.call("eth_getTransactionCount", trader.address, "latest")
    until_ended(registered, market)
    run.refresh_from_db()
    assert (run.state, "it would revert" in run.detail) == ("failed", True)
    assert market.rpc.call("eth_getTransactionCount", trader.address, "latest") == sent
