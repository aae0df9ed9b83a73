"""A token like USDT: it refuses to change an allowance that is not zero, and returns nothing.

Tether's own TetherToken, as Perpetual Protocol published it compiled (`@perp/contract`).
"""

import pytest

from airdrops_site.devnet.artifacts import ArtifactFile, load_artifact
from airdrops_site.devnet.errors import DevnetError
from airdrops_site.devnet.outbox import Outbox, encode_call
from protocols.services import register_token
from scheduling.models import Run, Step
from tests.market import Market
from tests.protocols.operators import ETHER
from tests.scheduling.trading import (
    allowed,
    revocations,
    router,
    run_of,
    swap,
    until_ended,
    until_settled,
)
from wallets.chain.client import NetworkClient
from wallets.models import Network, Token, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]

TETHER_TOKEN = ArtifactFile(
    "@perp/contract", "build/contracts/src/mock/TetherToken.sol/TetherToken.json"
)
USDT = 10**6


@pytest.fixture
def tether(registered: Network, market: Market, trader: Wallet) -> str:
    """The token with a pool of its own; the trader has 100."""
    treasury, supply = market.manifest.l2.treasury, 10**9 * USDT
    outbox = Outbox.of(market.rpc, treasury)
    named = ("Tether USD", "USDT", 6)
    token = outbox.deploy("USDT", load_artifact(TETHER_TOKEN), supply, *named)
    outbox.call(token, "transfer(address,uint256)", trader.address, 100 * USDT)
    outbox.call(token, "approve(address,uint256)", router(market), 25_000 * USDT)
    liquidity = "addLiquidityETH(address,uint256,uint256,uint256,address,uint256)"
    terms = (token, 25_000 * USDT, 0, 0, treasury, 2**40)
    outbox.call(router(market), liquidity, *terms, value=10 * ETHER, gas=4_000_000)
    outbox.send()
    row = Token.objects.create(network=registered, address=token, symbol="USDT", decimals=6)
    register_token(token=row, source="npm:@perp/contract", client=NetworkClient(registered))
    return token


def allow(network: Network, market: Market, wallet: Wallet, token: str, amount: int) -> None:
    """Have an allowance stand, as an operator may have set it."""
    params = {"token": token, "spender": router(market), "amount": str(amount)}
    run_of(network, wallet, "approve", params)
    until_ended(network, market)


def test_the_token_refuses_to_change_an_allowance_that_stands(
    registered: Network, market: Market, trader: Wallet, tether: str
) -> None:
    allow(registered, market, trader, tether, 2 * USDT)
    to_zero, to_five = (
        encode_call("approve(address,uint256)", router(market), amount) for amount in (0, 5 * USDT)
    )
    call = {"from": trader.address, "to": tether}
    assert market.rpc.call("eth_call", {**call, "data": to_zero}, "latest") == "0x"
    with pytest.raises(DevnetError, match="revert"):
        market.rpc.call("eth_call", {**call, "data": to_five}, "latest")


def test_a_smaller_allowance_is_set_to_zero_first(
    registered: Network, market: Market, trader: Wallet, tether: str
) -> None:
    allow(registered, market, trader, tether, 2 * USDT)
    run = swap(registered, market, trader, params={"token_in": tether})
    until_settled(registered, market)
    steps = Step.objects.filter(run=run).values_list("label", "state")
    assert list(steps) == [
        ("revoke the allowance", "settled"),
        (f"allow {5 * USDT}", "settled"),
        ("swap", "settled"),
    ]
    assert (allowed(market, trader, tether), revocations()) == (0, [])


def test_what_a_failed_run_left_is_taken_back(
    registered: Network, market: Market, trader: Wallet, tether: str
) -> None:
    run = swap(registered, market, trader, params={"token_in": tether, "slippage_bps": 0})
    outbox = Outbox.of(market.rpc, market.manifest.l2.treasury)
    outbox.call(tether, "setParams(uint256,uint256)", 10, 40)
    outbox.send()
    until_settled(registered, market)
    assert Run.objects.get(pk=run.pk).state == "failed"
    assert (allowed(market, trader, tether), len(revocations())) == (0, 1)
