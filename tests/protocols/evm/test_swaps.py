"""Swaps are quoted, bounded and dated; what they brought is read from the logs."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.actions import Call, PlanError
from protocols.evm.quotes import ROUTER_ABI
from protocols.params import read_params
from protocols.registry import get_action
from tests.protocols.operators import ETHER, USDC, Operator, booked, change
from wallets.addresses import parse_address
from wallets.transactions.expectations import minimum_out

pytestmark = pytest.mark.django_db


def swap_terms(call: object) -> Mapping[str, Any]:
    """What a planned swap asks of the router, by the names of its arguments."""
    assert isinstance(call, Call)
    decoded = ROUTER_ABI.decode_call(call.data)
    assert decoded is not None
    return decoded.arguments


def plan_swap(operator: Operator, **params: Any) -> Mapping[str, Any]:
    """The terms of the swap itself, the last step of its plan."""
    return swap_terms(operator.plan("swap", **params).steps[-1])


@pytest.mark.parametrize(
    ("token_in", "token_out", "amount", "steps"),
    [
        ("native", "USDC", ETHER, 1),
        ("USDC", "native", 2_000 * USDC, 2),
        ("USDC", "GOV", 2_000 * USDC, 2),
    ],
)
def test_a_swap_is_booked_as_the_chain_did_it(
    alice: Operator, token_in: str, token_out: str, amount: int, steps: int
) -> None:
    before = alice.balances()
    source, target = (
        name if name == "native" else alice.token(name) for name in (token_in, token_out)
    )
    done = alice.perform("swap", token_in=source, token_out=target, amount=amount)
    gained = booked(done)
    assert gained == change(before, alice.balances())
    assert gained["" if source == "native" else source] == -amount
    assert gained["" if target == "native" else target] > 0
    assert len(done) == steps


def test_tokens_without_a_pool_of_their_own_go_through_weth(alice: Operator) -> None:
    usdc, gov = alice.token("USDC"), alice.token("GOV")
    terms = plan_swap(alice, token_in=usdc, token_out=gov, amount=USDC)
    assert terms["path"] == (usdc, alice.token("WETH"), gov)


def test_a_pool_with_a_coin_in_it_is_no_trap(alice: Operator) -> None:
    usdc, gov, router = alice.token("USDC"), alice.token("GOV"), alice.deployed.router.address
    for token in (usdc, gov):
        alice.have_treasury_call(token, "approve(address,uint256)", router, 10**6)
    liquidity = "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)"
    owner = alice.deployed.treasury
    alice.have_treasury_call(router, liquidity, usdc, gov, 10**6, 10**6, 0, 0, owner, 2**40)
    terms = plan_swap(alice, token_in=usdc, token_out=gov, amount=USDC)
    assert terms["path"] == (usdc, alice.token("WETH"), gov)


def test_the_swap_names_minimum_recipient_and_deadline(alice: Operator) -> None:
    pair: dict[str, Any] = {"token_in": "native", "token_out": alice.token("USDC"), "amount": ETHER}
    quoted = plan_swap(alice, **pair, slippage_bps=0)["amountOutMin"]
    context, swap = alice.context(), get_action("evm", "swap")
    params = read_params(swap.Params, {**pair, "slippage_bps": 100, "deadline_seconds": 300})
    (call,) = swap.plan(context, params).steps
    until = context.now.replace(microsecond=0) + timedelta(seconds=300)
    assert isinstance(call, Call)
    assert call.valid_until == until
    assert swap_terms(call) == {
        "amountOutMin": minimum_out(quoted, 100),
        "path": (alice.token("WETH"), alice.token("USDC")),
        "to": alice.address,
        "deadline": until.timestamp(),
    }


def test_an_exact_allowance_comes_first_and_only_where_it_is_needed(alice: Operator) -> None:
    usdc, router = alice.token("USDC"), alice.deployed.router.address
    params: dict[str, Any] = {"token_in": usdc, "token_out": "native", "amount": 5 * USDC}
    labels = [step.label for step in alice.plan("swap", **params).steps]
    assert labels == [f"allow {5 * USDC}", "swap"]
    alice.perform("approve", token=usdc, spender=router, amount=6 * USDC)
    assert [step.label for step in alice.plan("swap", **params).steps] == ["swap"]


def test_a_smaller_allowance_is_revoked_before_the_exact_one(alice: Operator) -> None:
    usdc, router = alice.token("USDC"), alice.deployed.router.address
    alice.perform("approve", token=usdc, spender=router, amount=1)
    before = alice.balances()
    done = alice.perform("swap", token_in=usdc, token_out="native", amount=5 * USDC)
    assert len(done) == 3
    assert booked(done) == change(before, alice.balances())
    assert alice.view(usdc, "allowance(address,address)", alice.address, router) == 0


def test_both_sides_must_differ(alice: Operator) -> None:
    for other in ("native", alice.token("WETH")):
        with pytest.raises(PlanError, match="are the same coin"):
            alice.plan("swap", token_in="native", token_out=other, amount=1)


def test_without_a_pool_there_is_no_plan(alice: Operator) -> None:
    lonely = alice.deployed.router.address
    with pytest.raises(PlanError, match="no pool leads from native"):
        alice.plan("swap", token_in="native", token_out=lonely, amount=1)


def test_an_empty_pool_is_refused(alice: Operator) -> None:
    gov, factory = alice.token("GOV"), alice.deployed.factory.address
    stranger = parse_address("0x" + "22" * 20)
    alice.have_treasury_call(factory, "createPair(address,address)", alice.token("WETH"), stranger)
    with pytest.raises(PlanError, match="nothing would come out"):
        alice.plan("swap", token_in=gov, token_out=stranger, amount=10**18)


def test_too_little_to_bring_anything_is_refused(alice: Operator) -> None:
    usdc = alice.token("USDC")
    with pytest.raises(PlanError, match="nothing would come out"):
        alice.plan("swap", token_in="native", token_out=usdc, amount=1)


def test_more_than_the_wallet_has_is_refused(alice: Operator) -> None:
    usdc = alice.token("USDC")
    with pytest.raises(PlanError, match="has 10000000000000000000 wei"):
        alice.plan("swap", token_in="native", token_out=usdc, amount=11 * ETHER)
    with pytest.raises(PlanError, match="10000000000 base units"):
        alice.plan("swap", token_in=usdc, token_out="native", amount=10_001 * USDC)


def test_the_same_question_gives_the_same_plan(alice: Operator) -> None:
    swap = get_action("evm", "swap")
    params = {"token_in": alice.token("USDC"), "token_out": "native", "amount": USDC}
    typed, context = read_params(swap.Params, params), alice.context()
    assert swap.plan(context, typed) == swap.plan(context, typed)


@given(expected=st.integers(1, 2**256), slippage_bps=st.integers(0, 5000))
def test_the_minimum_gives_away_the_slippage_and_not_a_unit_more(
    expected: int, slippage_bps: int
) -> None:
    least = minimum_out(expected, slippage_bps)
    assert 0 < least <= expected
    assert (expected - least) * 10_000 <= expected * slippage_bps
    assert (expected - (least - 1)) * 10_000 > expected * slippage_bps
