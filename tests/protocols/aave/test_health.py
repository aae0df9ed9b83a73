"""What is computed before an action is never better than what the market says after it."""

from random import Random

import pytest

from protocols.aave.health import Account
from protocols.aave.market import Market
from protocols.actions import PlanError
from tests.aave import DOLLAR, AaveMarket
from tests.protocols.operators import ETHER, USDC, Operator

pytestmark = pytest.mark.django_db
WAD = 10**18


def test_what_the_market_says_is_what_is_read(lender: Operator, aave: AaveMarket) -> None:
    lender.perform("borrow", protocol="aave", asset=lender.token("WETH"), amount=ETHER // 3)
    health = Account.of(Market.of(lender.context("aave"))).health
    assert health is not None
    # The market's own clock goes on between the two questions.
    assert int(health * WAD) == pytest.approx(aave.health(lender.address), rel=1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_no_action_that_is_planned_ends_below_its_floor(
    lender: Operator, aave: AaveMarket, seed: int
) -> None:
    random = Random(seed)
    floor = f"{random.uniform(1.01, 3):.4f}"
    set_price = "setAssetPrice(address,uint256)"
    for symbol, dollars in (("WETH", 2_500), ("USDC", 1)):
        price = int(dollars * DOLLAR * random.uniform(0.5, 2))
        aave.author.call(aave.prices, set_price, lender.token(symbol), price)
    done = 0
    for _ in range(6):
        action = random.choice(("borrow", "borrow", "withdraw"))
        symbol, most = random.choice((("WETH", ETHER), ("USDC", 2_000 * USDC)))
        asked = {"asset": lender.token(symbol), "amount": random.randint(1, most)}
        try:
            lender.perform(action, protocol="aave", **asked, health_floor=floor)
        except PlanError:
            continue
        done += 1
        assert aave.health(lender.address) >= int(float(floor) * 10_000) * WAD // 10_000 - 10**10
    assert done
