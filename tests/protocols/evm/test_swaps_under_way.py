"""Swaps go the way of every run; a pool that somebody else has moved costs nothing."""

from typing import Any

import pytest

from scheduling.models import Run
from scheduling.runs import advance_runs
from tests.author import Author
from tests.market import Market
from tests.protocols.operators import ETHER, USDC
from tests.scheduling.conftest import trader as trader
from tests.scheduling.trading import run_of, until_ended
from tests.uniswap_v3 import UniswapV3
from wallets.models import Network, Transaction, Wallet

pytestmark = pytest.mark.django_db


def params(market: Market, source: str, target: str, amount: int) -> dict[str, Any]:
    """What a swap between two tokens of the market takes."""
    deployed = market.manifest.l2
    names = (
        name if name == "native" else deployed.token(name).contract.address
        for name in (source, target)
    )
    return {**dict(zip(("token_in", "token_out"), names, strict=True)), "amount": str(amount)}


def start(network: Network, wallet: Wallet, action: str, asked: dict[str, Any]) -> Run:
    """A run whose swap is planned, quoted, and not signed yet."""
    run = run_of(network, wallet, action, asked)
    advance_runs()
    assert Transaction.objects.filter(state="queued").count() == 1
    return run


def move_v3(v3: UniswapV3, market: Market) -> None:
    """Buy so much USDC that what was quoted before cannot be had any more."""
    usdc = market.manifest.l2.token("USDC").contract.address
    call = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))"
    terms = (v3.weth, usdc, 500, v3.author.address, 50 * ETHER, 0, 0)
    v3.author.call(v3.router, call, terms, value=50 * ETHER)


def move_v2(market: Market) -> None:
    """The same in the pool of V2."""
    deployed = market.manifest.l2
    path = [deployed.weth.contract.address, deployed.token("USDC").contract.address]
    terms = (0, path, deployed.treasury, 2**40)
    Author(market.rpc, deployed.treasury).call(
        deployed.router.address,
        "swapExactETHForTokens(uint256,address[],address,uint256)",
        *terms,
        value=500 * ETHER,
    )


@pytest.mark.parametrize(
    ("source", "target", "amount"),
    [("native", "USDC", ETHER), ("USDC", "native", 50 * USDC), ("USDC", "GOV", 50 * USDC)],
)
def test_a_swap_through_v3_is_signed_and_succeeds(
    registered: Network,
    market: Market,
    v3: UniswapV3,
    trader: Wallet,
    source: str,
    target: str,
    amount: int,
) -> None:
    run = run_of(registered, trader, "swap-v3", params(market, source, target, amount))
    until_ended(registered, market)
    run.refresh_from_db()
    assert (run.state, run.detail) == ("succeeded", "")


@pytest.mark.parametrize("action", ["swap", "swap-v3"])
def test_a_pool_moved_before_the_swap_is_sent_costs_nothing(
    registered: Network, market: Market, v3: UniswapV3, trader: Wallet, action: str
) -> None:
    asked = params(market, "native", "USDC", ETHER)
    run = start(registered, trader, action, asked)
    if action == "swap-v3":
        move_v3(v3, market)
    else:
        move_v2(market)
    until_ended(registered, market)
    run.refresh_from_db()
    assert (run.state, "it would revert" in run.detail) == ("failed", True)
    assert int(market.rpc.call("eth_getTransactionCount", trader.address, "latest"), 16) == 0
    assert int(market.rpc.call("eth_getBalance", trader.address, "latest"), 16) == 10 * ETHER
