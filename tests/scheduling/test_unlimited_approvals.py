"""The defect of others by which a contract with an approval without an end takes everything."""

import pytest

from airdrops_site.devnet.errors import DevnetError
from airdrops_site.devnet.outbox import encode_call
from tests.market import Market
from tests.protocols.operators import USDC
from tests.scheduling.trading import (
    allowed,
    crash_the_price,
    router,
    swap,
    until_allowed,
    until_settled,
    usdc,
)
from wallets.models import Network, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]

THIEF = "0x1111111111111111111111111111111111111111"


def can_take(market: Market, wallet: Wallet, amount: int) -> bool:
    """Whether the router, were it a thief's, could take so much of the wallet's USDC now."""
    take = encode_call("transferFrom(address,address,uint256)", wallet.address, THIEF, amount)
    message = {"from": router(market), "to": usdc(market), "data": take}
    try:
        return int(market.rpc.call("eth_call", message, "latest"), 16) == 1
    except DevnetError:
        return False


def test_an_unlimited_approval_drained_is_not_possible(
    registered: Network, market: Market, trader: Wallet
) -> None:
    swap(registered, market, trader)
    until_allowed(registered, market, trader)
    assert can_take(market, trader, 5 * USDC)
    assert not can_take(market, trader, 5 * USDC + 1)
    until_settled(registered, market)
    assert allowed(market, trader) == 0
    assert not can_take(market, trader, 1)


def test_nor_is_what_a_failed_run_left_behind(
    registered: Network, market: Market, trader: Wallet
) -> None:
    swap(registered, market, trader)
    until_allowed(registered, market, trader)
    crash_the_price(market)
    assert can_take(market, trader, 5 * USDC)
    until_settled(registered, market)
    assert not can_take(market, trader, 1)
