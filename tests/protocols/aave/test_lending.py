"""Lending: what moves is booked as the chain did it, and no debt becomes unsafe by an action."""

from decimal import Decimal
from typing import Any

import pytest

from protocols.aave.adapter import health, positions
from protocols.aave.market import Holding, Market
from protocols.actions import Call, Plan, PlanError, Settlement
from protocols.models import Deployment
from protocols.params import read_params
from protocols.registry import get_action
from tests.aave import DOLLAR, AaveMarket
from tests.protocols.evm.conftest import register
from tests.protocols.operators import ETHER, USDC, Operator, booked, change

pytestmark = pytest.mark.django_db


def plan(operator: Operator, action: str, symbol: str, amount: Any, **more: Any) -> Plan:
    """What the action would do with a token of the market."""
    asset = operator.token(symbol)
    return operator.plan(action, protocol="aave", asset=asset, amount=amount, **more)


def do(operator: Operator, action: str, symbol: str, amount: Any, **more: Any) -> list[Settlement]:
    """Do it."""
    asset = operator.token(symbol)
    return operator.perform(action, protocol="aave", asset=asset, amount=amount, **more)


def holding(operator: Operator, symbol: str) -> Holding:
    """What the wallet has and owes."""
    return Market.of(operator.context("aave")).holding(operator.token(symbol))  # type: ignore[arg-type]


def refused(operator: Operator, action: str, symbol: str, amount: Any, **more: Any) -> str:
    """Why there is no plan."""
    with pytest.raises(PlanError) as refusal:
        plan(operator, action, symbol, amount, **more)
    return str(refusal.value)


def test_what_is_supplied_and_borrowed_is_booked_as_the_chain_did_it(lender: Operator) -> None:
    weth = lender.token("WETH")
    before = lender.balances()
    done = do(lender, "borrow", "WETH", ETHER // 2)
    done += do(lender, "repay", "WETH", ETHER // 4)
    done += do(lender, "withdraw", "USDC", 1_000 * USDC)
    assert booked(done) == change(before, lender.balances())
    assert booked(done) == {weth: ETHER // 4, lender.token("USDC"): 1_000 * USDC}


def test_supplying_needs_an_exact_allowance_and_uses_it_up(lender: Operator) -> None:
    labels = [step.label for step in plan(lender, "supply", "USDC", USDC).steps]
    assert labels == [f"allow {USDC}", "supply"]
    assert holding(lender, "USDC").supplied >= 4_000 * USDC


def test_all_that_was_supplied_comes_back_with_its_earnings(lender: Operator) -> None:
    before = lender.balances()
    gained = booked(do(lender, "withdraw", "USDC", "all"))
    assert gained == change(before, lender.balances())
    assert gained[lender.token("USDC")] >= 4_000 * USDC
    assert holding(lender, "USDC").supplied == 0


def test_all_that_is_owed_is_repaid_and_not_a_unit_more(lender: Operator) -> None:
    weth = lender.token("WETH")
    do(lender, "borrow", "WETH", ETHER // 2)
    lender.perform("wrap", amount=ETHER)
    lender.rpc.call("evm_increaseTime", 86_400)
    lender.rpc.call("evm_mine")
    before = lender.balances()
    gained = booked(do(lender, "repay", "WETH", "all"))
    assert gained == change(before, lender.balances())
    assert ETHER // 2 < -gained[weth] < ETHER * 501 // 1000
    assert holding(lender, "WETH").borrowed == 0


@pytest.mark.parametrize("floor", ["1.1", "1.5", "2", "3.25"])
def test_a_borrow_at_the_floor_is_planned_and_one_above_it_is_not(
    lender: Operator, aave: AaveMarket, floor: str
) -> None:
    # 82.5 % of 4,000 dollars secure it; a dollar less for what was earned meanwhile.
    dollars = int(4_000 * Decimal("0.825") / Decimal(floor))
    asked: dict[str, Any] = {"health_floor": floor}
    assert "would be" in refused(lender, "borrow", "USDC", (dollars + 2) * USDC, **asked)
    do(lender, "borrow", "USDC", (dollars - 1) * USDC, **asked)
    assert aave.health(lender.address) >= int(Decimal(floor) * 10**18)


def test_collateral_stays_while_the_debt_would_be_unsafe_without_it(
    lender: Operator, aave: AaveMarket
) -> None:
    do(lender, "borrow", "USDC", 1_000 * USDC)
    assert "below the floor of 1.5" in refused(lender, "withdraw", "USDC", 2_200 * USDC)
    assert "below the floor of 1.5" in refused(lender, "withdraw", "USDC", "all")
    do(lender, "withdraw", "USDC", 2_100 * USDC)
    assert aave.health(lender.address) >= 15 * 10**17


def test_the_floor_follows_the_price(lender: Operator, aave: AaveMarket) -> None:
    usdc = lender.token("USDC")
    aave.author.call(aave.prices, "setAssetPrice(address,uint256)", usdc, DOLLAR // 2)
    assert "below the floor of 1.5" in refused(lender, "borrow", "WETH", ETHER // 2)
    aave.author.call(aave.prices, "setAssetPrice(address,uint256)", usdc, 0)
    assert "the market has no price" in refused(lender, "borrow", "USDC", 1)


def test_more_than_the_market_lends_is_refused(lender: Operator) -> None:
    told = refused(lender, "borrow", "USDC", 3_300 * USDC, health_floor="1")
    assert "the market lends" in told


def test_a_paused_reserve_is_left_alone(lender: Operator, aave: AaveMarket) -> None:
    aave.configure("setReservePause(address,bool)", lender.token("USDC"), True)
    for action in ("supply", "withdraw", "borrow", "repay"):
        assert "the market has paused" in refused(lender, action, "USDC", USDC)


def test_a_frozen_reserve_takes_and_lends_nothing(lender: Operator, aave: AaveMarket) -> None:
    aave.configure("setReserveFreeze(address,bool)", lender.token("USDC"), True)
    for action in ("supply", "borrow"):
        assert "the market has frozen" in refused(lender, action, "USDC", USDC)
    do(lender, "withdraw", "USDC", USDC)


def test_what_the_market_has_closed_is_told(lender: Operator, aave: AaveMarket) -> None:
    assert list(health(lender.context("aave"))) == []
    usdc, weth = lender.token("USDC"), lender.token("WETH")
    aave.configure("setReservePause(address,bool)", usdc, True)
    aave.configure("setReserveFreeze(address,bool)", weth, True)
    assert list(health(lender.context("aave"))) == [
        f"the market at {aave.pool} has paused {usdc}",
        f"the market at {aave.pool} has frozen {weth}: to be withdrawn and repaid only",
    ]


def test_what_cannot_be_is_said_in_one_sentence(lender: Operator, aave: AaveMarket) -> None:
    assert "is no reserve of the market" in refused(lender, "supply", "GOV", 1)
    assert "above zero" in refused(lender, "supply", "USDC", 0)
    assert "above zero" in refused(lender, "repay", "USDC", "0")
    assert "from 0 to 2^256-1" in refused(lender, "supply", "USDC", -1)
    assert "owes 0 base units" in refused(lender, "repay", "USDC", "all")
    assert "is asked for" in refused(lender, "withdraw", "USDC", 5_000 * USDC)
    assert 'as text: "1.5"' in refused(lender, "borrow", "USDC", 1, health_floor=1.5)
    assert "greater than or equal to 1" in refused(lender, "borrow", "USDC", 1, health_floor="0.9")
    assert "no enabled deployment of aave_pool-lido" in refused(
        lender, "supply", "USDC", 1, market="lido"
    )
    aave.configure("setReserveBorrowing(address,bool)", lender.token("USDC"), False)
    assert "the market lends no" in refused(lender, "borrow", "USDC", 1)


def test_what_is_inside_is_a_position(lender: Operator) -> None:
    (alone,) = positions(lender.context("aave"))
    assert alone.exit
    assert lender.plan(alone.exit.action, protocol="aave", **alone.exit.params).steps
    do(lender, "borrow", "WETH", ETHER // 2)
    found = {one.kind: one for one in positions(lender.context("aave"))}
    assert found["supplied"].token == lender.token("USDC")
    assert (found["supplied"].amount or 0) >= 4_000 * USDC
    assert found["borrowed"].token == lender.token("WETH")
    assert (found["borrowed"].amount or 0) >= ETHER // 2


@pytest.mark.parametrize("name", ["supply", "withdraw", "borrow"])
def test_the_same_question_gives_the_same_plan(lender: Operator, name: str) -> None:
    action = get_action("aave", name)
    params = read_params(action.Params, {"asset": lender.token("USDC"), "amount": 5})
    context = lender.context("aave")
    assert action.plan(context, params) == action.plan(context, params)
    assert isinstance(action.plan(context, params).steps[-1], Call)


def test_a_named_market_has_contracts_of_its_own(lender: Operator, aave: AaveMarket) -> None:
    weth = lender.token("WETH")
    register(lender.network, "aave_pool-second", aave.pool, "aave_pool", protocol="aave")
    name, abi = "aave_addresses_provider-second", "aave_addresses_provider"
    register(lender.network, name, weth, abi, protocol="aave")
    told = refused(lender, "supply", "USDC", 1, market="second")
    assert f"{weth} refuses the question" in told or "does not answer getPool" in told
    Deployment.objects.filter(role=name).delete()
    register(lender.network, name, aave.provider, abi, protocol="aave")
    assert plan(lender, "supply", "USDC", 1, market="second").steps
    assert len(positions(lender.context("aave"))) == 2
