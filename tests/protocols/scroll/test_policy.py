"""Nothing that a wrong or malicious plan says sends money to anyone but the wallet itself."""

from dataclasses import replace
from typing import Any

import pytest

from protocols.actions import Call
from protocols.scroll.messages import own_message
from protocols.scroll.sides import L1_MESSENGER_ABI, L1_ROUTER_ABI, L2_ROUTER_ABI
from tests.protocols.judged import judge
from tests.protocols.operators import ETHER, Operator
from tests.protocols.scroll.bridge import Bridge, Traveller, Trip
from tests.protocols.scroll.contracts import L1, L2_ETH_GATEWAY, broken

pytestmark = pytest.mark.django_db

STRANGER = "0x1111111111111111111111111111111111111111"


def refusal(side: Operator, call: Call) -> str:
    """What the policy says to a call on a side."""
    return judge(call, wallet=side.address, network=side.network, protocol="scroll")


def crossing(side: Operator, action: str, token: str) -> Call:
    """The last call of an honest plan."""
    steps = side.plan(action, protocol="scroll", token=token, amount=ETHER).steps
    return [step for step in steps if isinstance(step, Call)][-1]


def test_honest_calls_are_permitted(traveller: Traveller, bridge: Bridge, twin: str) -> None:
    for token in ("native", bridge.token):
        assert refusal(traveller.l1, crossing(traveller.l1, "deposit", token)) == ""
    for token in ("native", twin):
        assert refusal(traveller.l2, crossing(traveller.l2, "withdraw", token)) == ""


def test_the_functions_with_a_receiver_are_not_permitted(traveller: Traveller) -> None:
    call = crossing(traveller.l1, "deposit", "native")
    # depositETH(address,uint256,uint256)
    elsewhere = bytes.fromhex("ce0b63ce") + bytes(12) + bytes.fromhex(STRANGER[2:]) + call.data[4:]
    assert "no rule allows scroll to call 0xce0b63ce" in refusal(
        traveller.l1, replace(call, data=elsewhere)
    )


def test_gas_on_scroll_is_bounded(traveller: Traveller, bridge: Bridge) -> None:
    call = crossing(traveller.l1, "deposit", "native")
    data = L1_ROUTER_ABI.function("depositETH").encode(ETHER, 2_000_001)
    assert "2000001 is above 2000000" in refusal(traveller.l1, replace(call, data=data))
    call = crossing(traveller.l1, "deposit", bridge.token)
    data = L1_ROUTER_ABI.function("depositERC20").encode(bridge.token, ETHER, 2_000_001)
    assert "2000001 is above 2000000" in refusal(traveller.l1, replace(call, data=data))


def test_only_registered_tokens_cross(traveller: Traveller, bridge: Bridge, twin: str) -> None:
    call = crossing(traveller.l1, "deposit", bridge.token)
    data = L1_ROUTER_ABI.function("depositERC20").encode(STRANGER, ETHER, 200_000)
    assert "is no enabled token" in refusal(traveller.l1, replace(call, data=data))
    call = crossing(traveller.l2, "withdraw", twin)
    data = L2_ROUTER_ABI.function("withdrawERC20").encode(STRANGER, ETHER, 0)
    assert "is no enabled token" in refusal(traveller.l2, replace(call, data=data))


def test_a_withdrawal_sends_what_it_says(traveller: Traveller) -> None:
    call = crossing(traveller.l2, "withdraw", "native")
    told = refusal(traveller.l2, replace(call, value=2 * ETHER))
    assert f"{2 * ETHER} wei go with the call, {ETHER} should" in told


def test_a_relay_takes_no_coin_along(traveller: Traveller, bridge: Bridge) -> None:
    trip = traveller.begin("withdraw", token="native", amount=ETHER)
    bridge.tell("finalise")
    trip.look()
    relay = next_call(trip)
    assert relay.chain_id == L1
    assert refusal(traveller.l1, relay) == ""
    assert "takes no native coin" in refusal(traveller.l1, replace(relay, value=1))


def next_call(trip: Trip) -> Call:
    """The call with which the trip would go on."""
    context = trip.start.context("scroll")
    plan = trip.action.go_on(context, trip.params, trip.progress)
    call = plan.steps[0]
    assert isinstance(call, Call)
    return call


def test_the_rest_of_a_replays_fee_comes_back_to_the_wallet(
    traveller: Traveller, bridge: Bridge
) -> None:
    trip = traveller.begin("deposit", token="native", amount=ETHER)
    with broken(bridge.l2, L2_ETH_GATEWAY):
        bridge.tell("relay")
    trip.look()
    replay = next_call(trip)
    assert refusal(traveller.l1, replay) == ""
    message = own_message(trip.progress, replay.to)
    function = L1_MESSENGER_ABI.function("replayMessage")
    wrong: tuple[Any, ...] = (*message.terms, 340_000, STRANGER)
    told = refusal(traveller.l1, replace(replay, data=function.encode(*wrong)))
    assert "is not the sending wallet" in told
