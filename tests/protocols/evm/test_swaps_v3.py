"""Swaps through Uniswap V3: the best pools, held to their quote, booked as the chain did them."""

from dataclasses import replace
from typing import Any

import pytest

from protocols.actions import Call, PlanError
from protocols.evm.swaps_v3 import EXACT_INPUT, MULTICALL, ROUTER_ITSELF
from protocols.models import Deployment
from protocols.params import read_params
from protocols.registry import get_action
from tests.protocols.operators import ETHER, USDC, Operator, booked, change
from tests.uniswap_v3 import UniswapV3
from wallets.addresses import parse_address
from wallets.transactions.expectations import minimum_out

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("v3")]


def terms(call: object) -> tuple[Any, ...]:
    """Path, recipient, amount and minimum of the exactInput in a planned swap."""
    assert isinstance(call, Call)
    outer = MULTICALL.decode_call(call.data)
    assert outer is not None
    inner = EXACT_INPUT.decode_call(outer.arguments["data"][0])
    assert inner is not None
    found: tuple[Any, ...] = inner.arguments["params"]
    return found


def plan_swap(operator: Operator, **params: Any) -> tuple[Any, ...]:
    """The terms of the swap itself, the last step of its plan."""
    return terms(operator.plan("swap-v3", **params).steps[-1])


def fees(path: bytes) -> list[int]:
    """The fees in a packed path."""
    return [int.from_bytes(path[at : at + 3]) for at in range(20, len(path), 23)]


@pytest.mark.parametrize(
    ("token_in", "token_out", "amount", "steps"),
    [
        ("native", "USDC", ETHER, 1),
        ("USDC", "native", 2_000 * USDC, 2),
        ("USDC", "GOV", 2_000 * USDC, 2),
        ("USDC", "WETH", 2_000 * USDC, 2),
        ("native", "GOV", ETHER, 1),
    ],
)
def test_a_swap_is_booked_as_the_chain_did_it(
    alice: Operator, token_in: str, token_out: str, amount: int, steps: int
) -> None:
    before = alice.balances()
    source, target = (
        name if name == "native" else alice.token(name) for name in (token_in, token_out)
    )
    done = alice.perform("swap-v3", token_in=source, token_out=target, amount=amount)
    gained = booked(done)
    assert gained == change(before, alice.balances())
    assert gained["" if source == "native" else source] == -amount
    assert gained["" if target == "native" else target] > 0
    assert len(done) == steps


def test_the_better_of_two_pools_is_taken(alice: Operator) -> None:
    usdc = alice.token("USDC")
    path, *_ = plan_swap(alice, token_in="native", token_out=usdc, amount=ETHER)
    assert fees(path) == [500]


def test_tokens_without_a_pool_of_their_own_go_through_weth(alice: Operator) -> None:
    usdc, gov = alice.token("USDC"), alice.token("GOV")
    path, *_ = plan_swap(alice, token_in=usdc, token_out=gov, amount=USDC)
    assert fees(path) == [500, 3000]
    assert path[23:43].hex() == alice.token("WETH")[2:].lower()


def test_a_pool_with_a_coin_in_it_is_no_trap(alice: Operator, v3: UniswapV3) -> None:
    usdc, gov = alice.token("USDC"), alice.token("GOV")
    v3.fund(usdc, gov, 100, (10**6, 10**6))
    path, *_ = plan_swap(alice, token_in=usdc, token_out=gov, amount=USDC)
    assert fees(path) == [500, 3000]


def test_the_minimum_is_the_quote_less_the_slippage(alice: Operator, v3: UniswapV3) -> None:
    asked: dict[str, Any] = {"token_in": alice.token("USDC"), "token_out": "native"}
    path, receiver, amount, least = plan_swap(alice, **asked, amount=USDC, slippage_bps=100)
    assert least == minimum_out(v3.quote(path, USDC), 100)
    assert (receiver, amount) == (ROUTER_ITSELF, USDC)


def test_the_first_quoter_says_the_same(alice: Operator, v3: UniswapV3) -> None:
    swap = get_action("evm", "swap-v3")
    asked = {"token_in": "native", "token_out": alice.token("GOV"), "amount": ETHER}
    params, context = read_params(swap.Params, asked), alice.context()
    older = {**context.deployments, "uniswap_v3_quoter": parse_address(v3.first_quoter)}
    assert swap.plan(replace(context, deployments=older), params) == swap.plan(context, params)


def test_coin_that_a_dry_pool_does_not_take_comes_back(alice: Operator, v3: UniswapV3) -> None:
    drop, weth = alice.token("DROP"), alice.token("WETH")
    # All of its liquidity is between two near prices: little is sold before it runs out.
    v3.fund(weth, drop, 10_000, (ETHER, 1000 * ETHER), width=200)
    before = alice.balances()
    done = alice.perform("swap-v3", token_in="native", token_out=drop, amount=5 * ETHER)
    gained = booked(done)
    assert gained == change(before, alice.balances())
    assert -5 * ETHER < gained[""] < 0


def test_without_a_pool_there_is_no_plan(alice: Operator) -> None:
    with pytest.raises(PlanError, match="no pool leads from native"):
        alice.plan("swap-v3", token_in="native", token_out=alice.token("DROP"), amount=1)


def test_both_sides_must_differ(alice: Operator) -> None:
    for other in ("native", alice.token("WETH")):
        with pytest.raises(PlanError, match="are the same coin"):
            alice.plan("swap-v3", token_in="native", token_out=other, amount=1)


def test_too_little_to_bring_anything_is_refused(alice: Operator) -> None:
    with pytest.raises(PlanError, match="nothing would come out"):
        alice.plan("swap-v3", token_in="native", token_out=alice.token("USDC"), amount=1)


def test_more_than_the_wallet_has_is_refused(alice: Operator) -> None:
    usdc = alice.token("USDC")
    with pytest.raises(PlanError, match="has 10000000000000000000 wei"):
        alice.plan("swap-v3", token_in="native", token_out=usdc, amount=11 * ETHER)
    with pytest.raises(PlanError, match="10000000000 base units"):
        alice.plan("swap-v3", token_in=usdc, token_out="native", amount=10_001 * USDC)


def test_without_the_exchange_there_is_no_plan(alice: Operator) -> None:
    Deployment.objects.filter(role="uniswap_v3_router").update(enabled=False)
    with pytest.raises(PlanError, match="no enabled deployment of uniswap_v3_router"):
        alice.plan("swap-v3", token_in="native", token_out=alice.token("USDC"), amount=1)


def test_the_same_question_gives_the_same_plan(alice: Operator) -> None:
    swap = get_action("evm", "swap-v3")
    params = {"token_in": alice.token("USDC"), "token_out": "native", "amount": USDC}
    typed, context = read_params(swap.Params, params), alice.context()
    assert swap.plan(context, typed) == swap.plan(context, typed)
