"""Liquidity goes in and out at the pool's price, booked as the chain did it."""

from random import Random
from typing import Any

import pytest

from protocols.actions import Call, PlanError, Settlement
from protocols.evm.quotes import ROUTER_ABI
from protocols.params import read_params
from protocols.registry import get_action
from tests.author import Author
from tests.protocols.operators import ETHER, USDC, Balances, Operator, booked, change
from tests.viem import MODULES, encode_all, wanted
from wallets.transactions.expectations import minimum_out

pytestmark = pytest.mark.django_db

ROUTER = MODULES / "@uniswap/v2-periphery/build/UniswapV2Router02.json"


def author(operator: Operator) -> Author:
    """Whoever made the market."""
    return Author(operator.rpc, operator.deployed.treasury)


def pair_of(operator: Operator, first: str, second: str) -> str:
    """The pool of two tokens of the market, and the token of its shares."""
    asked = (operator.token(first), operator.token(second))
    factory = operator.deployed.factory.address
    found = author(operator).ask(factory, "getPair(address,address)", *asked, returns="address")
    return str(found)


@pytest.fixture
def usdc_gov(alice: Operator) -> str:
    """A pool of two tokens, one of GOV for one of USDC; alice has GOV, too."""
    made, router = author(alice), alice.deployed.router.address
    usdc, gov = alice.token("USDC"), alice.token("GOV")
    for token, amount in ((usdc, 5_000 * USDC), (gov, 5_000 * ETHER)):
        made.call(token, "approve(address,uint256)", router, amount)
    made.call(gov, "transfer(address,uint256)", alice.address, 5_000 * ETHER)
    signature = "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)"
    made.call(router, signature, usdc, gov, 5_000 * USDC, 5_000 * ETHER, 0, 0, made.address, 2**40)
    return pair_of(alice, "USDC", "GOV")


def balances(operator: Operator, pair: str) -> Balances:
    """With the shares of the pool."""
    held = operator.view(pair, "balanceOf(address)", operator.address)
    return {**operator.balances(), pair: held}


def both(operator: Operator, first: str, second: str) -> dict[str, Any]:
    """The two coins of an action."""
    names = (one if one == "native" else operator.token(one) for one in (first, second))
    return dict(zip(("token_a", "token_b"), names, strict=True))


def add(operator: Operator, *coins: str, amount_a: int, amount_b: int) -> list[Settlement]:
    """Add liquidity of the two."""
    asked = both(operator, *coins)
    return operator.perform("add-liquidity", **asked, amount_a=amount_a, amount_b=amount_b)


def test_native_coin_and_a_token_go_in_at_the_pools_price(alice: Operator) -> None:
    pair = pair_of(alice, "WETH", "USDC")
    before = balances(alice, pair)
    gained = booked(add(alice, "native", "USDC", amount_a=ETHER, amount_b=9_000 * USDC))
    assert gained == change(before, balances(alice, pair))
    assert gained[alice.token("USDC")] == -2_500 * USDC
    assert gained[""] == -ETHER
    assert gained[pair] > 0


def test_two_tokens_go_in(alice: Operator, usdc_gov: str) -> None:
    before = balances(alice, usdc_gov)
    done = add(alice, "GOV", "USDC", amount_a=300 * ETHER, amount_b=100 * USDC)
    assert len(done) == 3
    gained = booked(done)
    assert gained == change(before, balances(alice, usdc_gov))
    assert (gained[alice.token("GOV")], gained[alice.token("USDC")]) == (-100 * ETHER, -100 * USDC)


def test_coin_that_does_not_fit_the_price_any_more_comes_back(alice: Operator) -> None:
    pair, usdc = pair_of(alice, "WETH", "USDC"), alice.token("USDC")
    asked = {**both(alice, "USDC", "native"), "amount_a": 2_500 * USDC, "amount_b": ETHER}
    action = get_action("evm", "add-liquidity")
    params = read_params(action.Params, asked)
    approval, call = action.plan(alice.context(), params).steps
    assert isinstance(approval, Call)
    assert isinstance(call, Call)
    alice.send(approval)
    author(alice).call(usdc, "transfer(address,uint256)", pair, 1_000 * USDC)
    author(alice).call(pair, "sync()")
    before = balances(alice, pair)
    settled = action.settle(alice.context(), params, alice.send(call))
    assert booked([settled]) == change(before, balances(alice, pair))
    assert -ETHER < booked([settled])[""] < 0


@pytest.mark.parametrize("coins", [("native", "USDC"), ("USDC", "native")])
def test_shares_bring_both_back(alice: Operator, coins: tuple[str, str]) -> None:
    pair = pair_of(alice, "WETH", "USDC")
    add(alice, "native", "USDC", amount_a=ETHER, amount_b=9_000 * USDC)
    before = balances(alice, pair)
    done = alice.perform("remove-liquidity", **both(alice, *coins), liquidity=before[pair])
    gained = booked(done)
    assert gained == change(before, balances(alice, pair))
    assert gained[pair] == -before[pair]
    assert gained[""] == pytest.approx(ETHER, rel=1e-6)


def test_shares_of_two_tokens_bring_both_back(alice: Operator, usdc_gov: str) -> None:
    add(alice, "GOV", "USDC", amount_a=300 * ETHER, amount_b=100 * USDC)
    before = balances(alice, usdc_gov)
    done = alice.perform("remove-liquidity", **both(alice, "USDC", "GOV"), liquidity=10**12)
    assert booked(done) == change(before, balances(alice, usdc_gov))


def test_what_cannot_be_added_is_said(alice: Operator) -> None:
    amounts: dict[str, Any] = {"amount_a": 1, "amount_b": 10 * USDC}
    with pytest.raises(PlanError, match="too little of one of them"):
        alice.plan("add-liquidity", **both(alice, "native", "USDC"), **amounts)
    with pytest.raises(PlanError, match="there is no pool of"):
        alice.plan("add-liquidity", **both(alice, "USDC", "GOV"), **amounts)
    with pytest.raises(PlanError, match="are the same coin"):
        alice.plan("add-liquidity", **both(alice, "native", "WETH"), **amounts)
    with pytest.raises(PlanError, match="write an amount above zero"):
        alice.plan("add-liquidity", **both(alice, "native", "USDC"), amount_a=0, amount_b=1)


def test_what_cannot_be_removed_is_said(alice: Operator) -> None:
    with pytest.raises(PlanError, match="has 0 base units"):
        alice.plan("remove-liquidity", **both(alice, "native", "USDC"), liquidity=5)
    add(alice, "native", "USDC", amount_a=ETHER, amount_b=9_000 * USDC)
    with pytest.raises(PlanError, match="too few to bring anything"):
        alice.plan("remove-liquidity", **both(alice, "native", "USDC"), liquidity=5)


def official(operator: Operator, asked: dict[str, Any], now: int) -> dict[str, Any]:
    """The same for viem; the market's pool is 1 WETH for 2,500 USDC, that of GOV one for one."""
    bps, until = asked["slippage_bps"], now + asked["deadline_seconds"]
    native = "native" in asked.values()
    token, amounts = operator.token("USDC"), (asked["amount_b"], asked["amount_a"])
    least = [minimum_out(amount, bps) for amount in amounts]
    ending = (*least, operator.address, until)
    if native:
        return wanted(ROUTER, "addLiquidityETH", token, amounts[0], *ending)
    pair = (operator.token("GOV"), token)
    return wanted(ROUTER, "addLiquidity", *pair, *amounts[::-1], *least[::-1], *ending[2:])


def generated(operator: Operator, number: int) -> dict[str, Any]:
    """Parameters that fit the prices of the pools exactly."""
    random = Random(number)
    terms = {"slippage_bps": random.randint(0, 5000), "deadline_seconds": random.randint(60, 3600)}
    usdc = random.randint(1, 1_000 * USDC)
    if number % 2:
        coins, worth = both(operator, "native", "USDC"), 4 * 10**8
    else:
        coins, worth = both(operator, "GOV", "USDC"), 10**12
    return {**coins, "amount_a": usdc * worth, "amount_b": usdc, **terms}


def planned(operator: Operator, action: str, asked: dict[str, Any]) -> tuple[Call, int]:
    """The last call, and the time it was planned at."""
    context, chosen = operator.context(), get_action("evm", action)
    params = read_params(chosen.Params, asked)
    plan = chosen.plan(context, params)
    assert plan == chosen.plan(context, params)
    call = plan.steps[-1]
    assert isinstance(call, Call)
    return call, int(context.now.timestamp())


@pytest.mark.usefixtures("usdc_gov")
def test_adding_is_what_viem_encodes(alice: Operator) -> None:
    sets = [generated(alice, number) for number in range(24)]
    ours = [planned(alice, "add-liquidity", asked) for asked in sets]
    pairs = zip(sets, ours, strict=True)
    theirs = encode_all([official(alice, asked, now) for asked, (_call, now) in pairs])
    assert [call.data for call, _now in ours] == theirs
    assert [call.value for call, _now in ours] == [
        asked["amount_a"] if "native" in asked.values() else 0 for asked in sets
    ]


def test_removing_is_what_viem_encodes(alice: Operator, usdc_gov: str) -> None:
    add(alice, "GOV", "USDC", amount_a=300 * ETHER, amount_b=100 * USDC)
    add(alice, "native", "USDC", amount_a=ETHER, amount_b=9_000 * USDC)
    ours, theirs = [], []
    for number in range(24):
        random = Random(number)
        native, shares, bps = bool(number % 2), random.randint(10**9, 10**12), random.randint(0, 90)
        coins = ("USDC", "native") if native else ("USDC", "GOV")
        asked = {**both(alice, *coins), "liquidity": shares, "slippage_bps": bps}
        call, now = planned(alice, "remove-liquidity", asked)
        ours.append(call.data)
        pool = pair_of(alice, "USDC", "WETH") if native else usdc_gov
        supply = alice.view(pool, "totalSupply()")
        coin = alice.token("WETH" if native else "GOV")
        reserves = [
            alice.view(one, "balanceOf(address)", pool) for one in (alice.token("USDC"), coin)
        ]
        least = [minimum_out(shares * reserve // supply, bps) for reserve in reserves]
        ending = (shares, *least, alice.address, now + 1200)
        tokens = [alice.token("USDC")] if native else [alice.token("USDC"), coin]
        name = "removeLiquidityETH" if native else "removeLiquidity"
        theirs.append(wanted(ROUTER, name, *tokens, *ending))
    assert ours == encode_all(theirs)


def test_what_viem_encodes_is_read_back(alice: Operator) -> None:
    token, me = alice.token("USDC"), alice.address
    (data,) = encode_all([wanted(ROUTER, "addLiquidityETH", token, 5, 4, 3, me, 9)])
    decoded = ROUTER_ABI.decode_call(data)
    assert decoded is not None
    assert list(decoded.arguments.values()) == [token, 5, 4, 3, me, 9]
