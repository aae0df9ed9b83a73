"""What tests of runs on the market share."""

from pathlib import Path

import pytest

from scheduling.models import Run, RunAllowance
from tests.market import Market
from tests.protocols.operators import ETHER, USDC
from tests.scheduling.errands import errands as errands
from tests.scheduling.trading import crash_the_price, swap, until_allowed, until_ended
from wallets.models import Network, Wallet
from wallets.services import create_keystore_wallet, verify_wallet


@pytest.fixture
def trader(registered: Network, market: Market, keystores: Path) -> Wallet:
    """A verified wallet with 10 ETH and 100 USDC; blocks are final after four."""
    Network.objects.update(final_rule="depth", final_depth=4)
    registered.refresh_from_db()
    wallet = create_keystore_wallet(label="trader", scrypt_n=2)
    market.rpc.call("anvil_setBalance", wallet.address, hex(10 * ETHER))
    market.give("USDC", wallet.address, 100 * USDC)
    return verify_wallet(wallet=wallet)


@pytest.fixture
def left(registered: Network, market: Market, trader: Wallet) -> Run:
    """A failed run that left 5 USDC, which nothing has looked at yet."""
    run = swap(registered, market, trader)
    until_allowed(registered, market, trader)
    row = RunAllowance.objects.get()
    RunAllowance.objects.update(look_at=None)
    crash_the_price(market)
    until_ended(registered, market)
    RunAllowance.objects.update(look_at=row.look_at)
    return run
