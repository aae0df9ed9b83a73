"""Supplies, loans and what comes back of them, booked as the chain did it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from protocols.actions import Call, PlanError
from protocols.layerbank.adapter import health
from protocols.layerbank.markets import CORE_ABI, positions
from protocols.models import Deployment
from protocols.services import disable_deployment
from tests.author import Author
from tests.protocols.encoder import encode_officially, official_abi, plain
from tests.protocols.judged import judge
from tests.protocols.layerbank.conftest import Bank, register
from tests.protocols.operators import ETHER, USDC, Operator, booked, change
from tests.wallets.planned import queue
from wallets.transactions.demands import Spend
from wallets.transactions.policy import check_policy

pytestmark = pytest.mark.django_db

OFFICIAL = official_abi(Path(__file__).with_name("official"), "core")
STRANGER = "0x1111111111111111111111111111111111111111"


def do(operator: Operator, action: str, token: str, amount: int = 0, **more: Any) -> dict[str, int]:
    """What the action is booked as, which is what the chain did."""
    before = operator.balances()
    params = {"token": token, **({"amount": amount} if amount else {}), **more}
    gained = booked(operator.perform(action, protocol="layerbank", **params))
    told = {token: moved for token, moved in gained.items() if token in before}
    assert told == change(before, operator.balances())
    return gained


def coins(operator: Operator) -> list[tuple[str, int]]:
    """Each coin with an amount of it."""
    return [("native", ETHER), (operator.token("USDC"), 100 * USDC)]


@pytest.mark.parametrize("action", ["redeem-underlying", "redeem-token"])
def test_what_was_supplied_comes_back(bank: Bank, alice: Operator, action: str) -> None:
    for token, amount in coins(alice):
        market = bank.native if token == "native" else bank.usdc
        key = "" if token == "native" else token
        assert do(alice, "supply", token, amount) == {key: -amount, market: amount}
        assert do(alice, action, token, amount // 2) == {key: amount // 2, market: -amount // 2}


def test_a_loan_is_taken_against_a_supply_and_paid_back(bank: Bank, alice: Operator) -> None:
    usdc = alice.token("USDC")
    do(alice, "supply", "native", ETHER)
    assert do(alice, "enter-market", "native") == {}
    assert do(alice, "borrow", usdc, 500 * USDC) == {usdc: 500 * USDC}
    # More than is owed is not taken.
    assert do(alice, "repay", usdc, 600 * USDC) == {usdc: -500 * USDC}


def test_native_coin_that_is_repaid_too_much_comes_back(bank: Bank, alice: Operator) -> None:
    do(alice, "supply", alice.token("USDC"), 5_000 * USDC)
    do(alice, "enter-market", alice.token("USDC"))
    assert do(alice, "borrow", "native", ETHER // 2) == {"": ETHER // 2}
    assert do(alice, "repay", "native", ETHER) == {"": -ETHER // 2}


def test_what_is_owed_stays_well_below_the_collateral(bank: Bank, alice: Operator) -> None:
    usdc = alice.token("USDC")
    do(alice, "supply", "native", ETHER)
    with pytest.raises(PlanError, match=r"against a collateral of 0\.00 USD"):
        do(alice, "borrow", usdc, USDC)
    do(alice, "enter-market", "native")
    # 80 % of 2,000 USD may be owed; half of that is ours.
    with pytest.raises(PlanError, match="more than 5000 bps"):
        do(alice, "borrow", usdc, 801 * USDC)
    do(alice, "borrow", usdc, 800 * USDC)
    with pytest.raises(PlanError, match="more than 5000 bps"):
        do(alice, "borrow", usdc, USDC)


def test_nothing_is_done_twice_or_for_nothing(bank: Bank, alice: Operator) -> None:
    do(alice, "enter-market", "native")
    with pytest.raises(PlanError, match="is collateral already"):
        do(alice, "enter-market", "native")
    with pytest.raises(PlanError, match="owes LayerBank no native"):
        do(alice, "repay", "native", 1)
    with pytest.raises(PlanError, match="has 0 at LayerBank's market"):
        do(alice, "redeem-underlying", "native", 1)


def test_a_market_is_used_only_as_what_it_is(bank: Bank, alice: Operator) -> None:
    native = Deployment.objects.get(role="layerbank_native_market")
    disable_deployment(deployment=native, reason="it is registered as another below")
    register(alice.network, role="layerbank_market-eth", abi="market", address=bank.native)
    with pytest.raises(PlanError, match="no enabled market of native"):
        do(alice, "supply", "native", ETHER)


def test_supplies_and_debts_are_seen(bank: Bank, alice: Operator) -> None:
    usdc = alice.token("USDC")
    do(alice, "supply", "native", ETHER)
    (alone,) = positions(alice.context("layerbank"))
    assert alone.exit
    assert alice.plan(alone.exit.action, protocol="layerbank", **alone.exit.params).steps
    do(alice, "enter-market", "native")
    do(alice, "borrow", usdc, 500 * USDC)
    found = {(one.kind, one.token, one.amount) for one in positions(alice.context("layerbank"))}
    assert found == {("supplied", "", ETHER), ("borrowed", usdc, 500 * USDC)}


def planned(alice: Operator, action: str, token: str, amount: int) -> Call:
    """The call on Core."""
    steps = alice.plan(action, protocol="layerbank", token=token, amount=amount).steps
    assert isinstance(steps[-1], Call)
    return steps[-1]


def refusal(alice: Operator, call: Call) -> str:
    """What the policy says."""
    return judge(call, wallet=alice.address, network=alice.network, protocol="layerbank")


def test_native_coin_never_goes_to_the_market_of_a_token(bank: Bank, alice: Operator) -> None:
    call = planned(alice, "supply", alice.token("USDC"), 5)
    assert refusal(alice, call) == ""
    assert "5 wei go with the call, 0 should" in refusal(alice, replace(call, value=5))
    native = planned(alice, "supply", "native", 5)
    assert refusal(alice, native) == ""
    assert "6 wei go with the call, 5 should" in refusal(alice, replace(native, value=6))


def spends(alice: Operator, call: Call) -> tuple[Spend, ...]:
    """What the limits count of it."""
    return check_policy(queue(alice, "test", call, protocol="layerbank")).spends


def test_what_a_market_takes_is_counted_against_the_days_limits_of_its_token(
    bank: Bank, alice: Operator
) -> None:
    usdc = alice.token("USDC")
    plan = alice.plan("supply", protocol="layerbank", token=usdc, amount=7)
    allow, supply = (step for step in plan.steps if isinstance(step, Call))
    assert spends(alice, allow) == (Spend(usdc, 7, leaves=True),)
    assert spends(alice, supply) == ()
    assert spends(alice, planned(alice, "supply", "native", 7)) == (Spend("", 7, leaves=True),)


def test_a_debt_is_bounded_by_the_limits(bank: Bank, alice: Operator) -> None:
    do(alice, "supply", "native", ETHER)
    do(alice, "enter-market", "native")
    of_token = planned(alice, "borrow", alice.token("USDC"), 7)
    assert spends(alice, of_token) == (Spend(bank.usdc, 7, leaves=True),)
    of_native = planned(alice, "borrow", "native", 7)
    assert spends(alice, of_native) == (Spend("", 7, leaves=True),)
    endless = CORE_ABI.function("borrow").encode(bank.usdc, 2**256 - 1)
    assert "without an end" in refusal(alice, replace(of_token, data=endless))


@pytest.mark.parametrize("action", ["redeem-underlying", "redeem-token"])
def test_what_secures_a_debt_is_not_redeemed(bank: Bank, alice: Operator, action: str) -> None:
    usdc = alice.token("USDC")
    do(alice, "supply", "native", ETHER)
    do(alice, "enter-market", "native")
    do(alice, "borrow", usdc, 400 * USDC)
    # 400 USD are owed on 1,600: what goes is taken off in full, and 800 are to remain.
    with pytest.raises(PlanError, match="more than 5000 bps"):
        do(alice, action, "native", ETHER // 2)
    do(alice, action, "native", ETHER // 4)


@pytest.mark.parametrize("name", ["supply", "redeemToken", "redeemUnderlying", "borrow"])
def test_only_registered_markets_are_called(bank: Bank, alice: Operator, name: str) -> None:
    data = CORE_ABI.function(name).encode(STRANGER, 5)
    call = replace(planned(alice, "supply", "native", 5), data=data, value=0)
    assert "that a call may name" in refusal(alice, call)


ONE_BATCH = settings(
    max_examples=1,
    phases=[Phase.generate],
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
NAMES = ("supply", "redeemUnderlying", "redeemToken", "borrow", "repayBorrow")


@ONE_BATCH
@given(amounts=st.lists(st.integers(1, 10**8), min_size=24, max_size=24))
def test_the_calldata_is_what_viem_makes_of_the_official_abi(
    bank: Bank, alice: Operator, amounts: list[int]
) -> None:
    usdc = alice.token("USDC")
    do(alice, "supply", usdc, 1_000 * USDC)
    do(alice, "enter-market", usdc)
    do(alice, "borrow", usdc, 100 * USDC)
    actions = ("supply", "redeem-underlying", "redeem-token", "borrow", "repay")
    for action, name in zip(actions, NAMES, strict=True):
        ours = [planned(alice, action, usdc, amount).data for amount in amounts]
        theirs = [(OFFICIAL[name], [bank.usdc, amount]) for amount in amounts]
        assert ours == encode_officially(theirs)
        for data, (_, arguments) in zip(ours, theirs, strict=True):
            decoded = CORE_ABI.decode_call(data)
            assert decoded is not None
            assert plain(list(decoded.arguments.values())) == plain(arguments)


def checksummed(addresses: list[str]) -> list[str]:
    """As both sides write them."""
    return list(map(to_checksum_address, addresses))


ADDRESSES = st.binary(min_size=20, max_size=20).map(lambda raw: f"0x{raw.hex()}")


@ONE_BATCH
@given(lists=st.lists(st.lists(ADDRESSES, max_size=3).map(checksummed), min_size=24, max_size=24))
def test_entering_is_what_viem_makes_of_the_official_abi(
    bank: Bank, alice: Operator, lists: list[list[str]]
) -> None:
    (call,) = alice.plan("enter-market", protocol="layerbank", token="native").steps
    assert isinstance(call, Call)
    entering = CORE_ABI.function("enterMarkets")
    theirs = encode_officially(
        [(OFFICIAL["enterMarkets"], [one]) for one in [[bank.native], *lists]]
    )
    assert [call.data, *map(entering.encode, lists)] == theirs


def test_a_paused_bank_is_told_before_anything_is_tried(bank: Bank, alice: Operator) -> None:
    assert list(health(alice.context("layerbank"))) == []
    Author(alice.rpc, alice.deployed.treasury).call(bank.core, "pause()")
    (said,) = health(alice.context("layerbank"))
    assert said.startswith(f"LayerBank is paused: {bank.core}")
