"""What goes over a bridge costs what the bridge asks on both of its sides."""

from decimal import Decimal

import pytest
from django.utils import timezone

from analytics.allocation.costs import Pricing
from analytics.allocation.holdings import WALLET, Cell
from analytics.allocation.moves import Draft
from analytics.allocation.routes import DEPOSIT_FEES, Routes
from analytics.allocation.shifts import Shift
from analytics.allocation.stock import Stock
from tests import factories
from tests.analytics.allocation.capital import DOLLAR
from tests.protocols.operators import ETHER
from tests.protocols.scroll.bridge import Traveller
from wallets.chain.client import NetworkClient
from wallets.models import Token, Wallet
from wallets.prices import worth

pytestmark = [pytest.mark.django_db, pytest.mark.db]
GAS = 300_000


@pytest.fixture
def stock(traveller: Traveller) -> Stock:
    """Ether on both sides, at 2,500 dollars."""
    for coin in Token.objects.filter(address=""):
        factories.PriceFactory.create(token=coin, amount=2_500 * DOLLAR)
    return Stock.read(timezone.now())


def test_both_sides_of_a_bridge_and_its_own_fee_are_counted(
    traveller: Traveller, stock: Stock
) -> None:
    l1, l2 = (Cell("ETH", side.network.slug, WALLET) for side in (traveller.l1, traveller.l2))
    routes = Routes(stock)
    ((out,),), ((back,),) = routes.ways(l2, l1), routes.ways(l1, l2)
    taken = ((Wallet.objects.get(), ETHER),)
    draft = Draft(Shift(0, 1, 1), l2, l2, out.token, taken, 250_000, ((out, back),))
    policy = factories.AllocationPolicyFactory.create(assumed_gas=GAS)
    first, second = Pricing(policy, stock, NetworkClient).price(draft).legs
    l1_side = traveller.l1.context("scroll")
    gas = GAS * l1_side.chain.gas_price()
    asked = DEPOSIT_FEES["scroll"](l1_side, "native", ETHER)
    assert first.fee > dollars(stock, gas, back.token)
    assert second.fee == dollars(stock, gas + asked, back.token)
    assert asked > 0


def dollars(stock: Stock, wei: int, coin: Token) -> Decimal:
    found = worth(wei, coin, stock.prices[coin.pk])
    assert found is not None
    return found
