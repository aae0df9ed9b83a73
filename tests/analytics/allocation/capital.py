"""Capital on the market's network, its prices now and of the past, and who decides about it."""

from datetime import timedelta

import numpy as np
from django.utils import timezone

from analytics.models import AllocationPolicy
from protocols.models import PositionReading
from protocols.position_readings import read_positions
from tests import factories
from tests.market import Market
from tests.protocols.operators import ETHER, USDC
from wallets.balances import take_snapshot
from wallets.chain.client import NetworkClient
from wallets.models import Network, PricePoint, PriceSource, Token, Wallet
from wallets.services import create_keystore_wallet, verify_wallet

DOLLAR = 10**8
DEPTH = 4


def a_trader(network: Network, market: Market, *, usdc: int = 1_000) -> Wallet:
    """A verified wallet with 10 ETH and some USDC; blocks are final after four."""
    Network.objects.update(final_rule="depth", final_depth=DEPTH)
    network.refresh_from_db()
    wallet = create_keystore_wallet(label="trader", scrypt_n=2)
    market.rpc.call("anvil_setBalance", wallet.address, hex(10 * ETHER))
    market.give("USDC", wallet.address, usdc * USDC)
    return verify_wallet(wallet=wallet)


def look(network: Network) -> None:
    """Balances and positions are read, and prices are those of the pools."""
    Token.objects.get_or_create(
        network=network, address="", defaults={"symbol": "ETH", "decimals": 18}
    )
    take_snapshot(network=network, client=NetworkClient(network))
    for reading in PositionReading.objects.filter(network=network):
        assert read_positions(reading)
    for symbol, dollars in (("ETH", 2_500), ("WETH", 2_500), ("USDC", 1)):
        for token in Token.objects.filter(network=network, symbol=symbol):
            token.prices.all().delete()
            factories.PriceFactory.create(token=token, amount=dollars * DOLLAR)


def past_prices(network: Network, days: int = 60, **volatilities: float) -> None:
    """A price a day up to half an hour ago, each symbol's with a yearly volatility of its own."""
    random, now = np.random.default_rng(11), timezone.now() - timedelta(minutes=30)
    for symbol, volatility in volatilities.items():
        token = Token.objects.get(network=network, symbol=symbol)
        moves = np.exp(np.cumsum(random.normal(0, volatility / 365**0.5, days)))
        PricePoint.objects.bulk_create(
            PricePoint(
                token=token,
                source=PriceSource.CHAINLINK,
                amount=int(one / moves[-1] * (2_500 if symbol == "ETH" else 1) * DOLLAR),
                decimals=8,
                at=now - timedelta(days=days - 1 - day),
            )
            for day, one in enumerate(moves)
        )


def half_and_half(**fields: object) -> AllocationPolicy:
    """ETH and USDC, whatever the risk."""
    terms = {"name": "half", "min_trade_cents": 10_000, "assumed_gas": 250_000, **fields}
    policy = factories.AllocationPolicyFactory.create(**terms)
    for symbol in ("ETH", "USDC"):
        factories.AllocationBucketFactory.create(policy=policy, symbol=symbol)
    return policy


def held(*, eth_cents: int = 600_000, usdc_cents: int = 400_000) -> Network:
    """Ether at 2,500 dollars and USDC of one wallet, read just now, without a chain."""
    network = factories.NetworkFactory.create(kind="devnet", slug="devnet-l2")
    read = factories.BalanceSnapshotFactory.create(network=network)
    wallet = factories.WalletFactory.create(label="holder", status="verified")
    eth = factories.NativeCoinFactory.create(network=network)
    usdc = factories.TokenFactory.create(network=network, symbol="USDC", decimals=6)
    factories.PriceFactory.create(token=eth, amount=2_500 * DOLLAR)
    factories.PriceFactory.create(token=usdc, amount=DOLLAR)
    for token, amount in ((eth, eth_cents * ETHER // 250_000), (usdc, usdc_cents * USDC // 100)):
        factories.BalanceFactory.create(wallet=wallet, token=token, amount=amount, snapshot=read)
    return network
