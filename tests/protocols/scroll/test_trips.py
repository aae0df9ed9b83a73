"""Deposits arrive, withdrawals are proven and paid out, and what moved is what is booked."""

from dataclasses import replace

import pytest

from airdrops_site.devnet.outbox import encode_call
from protocols.actions import Call, Plan, PlanError
from protocols.models import Deployment
from protocols.scroll.adapter import health
from protocols.scroll.deposits import NEW_TOKEN_GAS, TOKEN_GAS
from protocols.scroll.sides import L1_MESSENGER_ABI, L1_ROUTER_ABI
from protocols.services import verify_deployment
from tests.protocols.operators import ETHER, Operator, booked
from tests.protocols.scroll.bridge import Bridge, Traveller, Trip, add_token, twin_of
from tests.protocols.scroll.contracts import (
    L1,
    L1_ETH_GATEWAY,
    L2,
    L2_ETH_GATEWAY,
    Place,
    broken,
    deploy_dollars,
    limit_gas,
)
from wallets.addresses import parse_address
from wallets.chain.client import NetworkClient
from wallets.models import Network

pytestmark = pytest.mark.django_db


def on(trip: Trip, chain_id: int) -> dict[str, int]:
    """What was booked on a chain."""
    return booked(settlement for place, settlement in trip.settlements if place == chain_id)


def test_native_coin_arrives_and_only_the_fee_is_gone(traveller: Traveller, bridge: Bridge) -> None:
    before = [traveller.balance(side) for side in (L1, L2)]
    trip = traveller.begin("deposit", token="native", amount=ETHER)
    assert trip.look() is None
    assert bridge.tell("relay") == 1
    assert trip.look()["outcome"] == "relayed"
    assert trip.go_on() == Plan(())
    moved = [traveller.balance(side) - was for side, was in zip((L1, L2), before, strict=True)]
    assert moved[1] == ETHER
    assert on(trip, L1) == {"": moved[0]}
    assert -ETHER * 1.01 < moved[0] < -ETHER


def test_an_arrival_counts_once_it_is_confirmed(traveller: Traveller, bridge: Bridge) -> None:
    Network.objects.filter(chain_id=L2).update(confirm_depth=2)
    trip = traveller.begin("deposit", token="native", amount=ETHER)
    assert bridge.tell("relay") == 1
    assert trip.look() is None
    bridge.l2.call("evm_mine")
    assert trip.look()["outcome"] == "relayed"


def test_a_token_arrives_as_its_twin_on_scroll(traveller: Traveller, bridge: Bridge) -> None:
    before = traveller.balance(L1), traveller.balance(L1, bridge.token)
    trip = traveller.begin("deposit", token=bridge.token, amount=5 * ETHER)
    bridge.tell("relay")
    assert trip.look()["outcome"] == "relayed"
    assert [done.step.label for done in trip.steps] == [
        f"allow {5 * ETHER}",
        "deposit",
        "arrival on Scroll",
    ]
    gone = traveller.balance(L1) - before[0], traveller.balance(L1, bridge.token) - before[1]
    assert on(trip, L1) == {"": gone[0], bridge.token: gone[1]}
    assert gone[1] == -5 * ETHER
    assert traveller.balance(L2, twin_of(traveller, bridge.token)) == 5 * ETHER


def test_the_first_deposit_of_a_token_brings_more_gas(traveller: Traveller, bridge: Bridge) -> None:
    def gas() -> int:
        call = traveller.begin("deposit", token=bridge.token, amount=1).steps[-1].step
        decoded = L1_ROUTER_ABI.decode_call(call.data)  # type: ignore[union-attr]
        assert decoded is not None
        return int(decoded.arguments["gasLimit"])

    assert gas() == NEW_TOKEN_GAS
    bridge.tell("relay")
    assert gas() == TOKEN_GAS


@pytest.mark.parametrize("amount", [ETHER, 1])
def test_native_coin_comes_back_and_is_booked_on_both_sides(
    traveller: Traveller, bridge: Bridge, amount: int
) -> None:
    before = [traveller.balance(side) for side in (L1, L2)]
    trip = traveller.begin("withdraw", token="native", amount=amount)
    assert trip.look() is None
    bridge.tell("finalise")
    assert trip.look()["executed"] is False
    relay = trip.go_on()
    assert [step.chain_id for step in relay.steps] == [L1]  # type: ignore[union-attr]
    assert trip.go_on() == Plan(())
    moved = [traveller.balance(side) - was for side, was in zip((L1, L2), before, strict=True)]
    assert moved == [amount, -amount]
    assert on(trip, L1) == {"": amount}
    assert on(trip, L2) == {"": -amount}


def test_a_token_goes_there_and_back(traveller: Traveller, bridge: Bridge, twin: str) -> None:
    before = traveller.balance(L1, bridge.token)
    trip = traveller.begin("withdraw", token=twin, amount=2 * ETHER)
    bridge.tell("finalise")
    assert trip.look()
    trip.go_on()
    assert trip.go_on() == Plan(())
    assert traveller.balance(L1, bridge.token) - before == 2 * ETHER
    assert on(trip, L1) == {bridge.token: 2 * ETHER}
    assert on(trip, L2) == {twin: -2 * ETHER}


@pytest.mark.parametrize("others", [1, 2, 3, 6])
def test_a_withdrawal_is_proven_among_others(
    traveller: Traveller, bridge: Bridge, others: int
) -> None:
    trips = [traveller.begin("withdraw", token="native", amount=n) for n in range(1, others + 2)]
    bridge.tell("finalise")
    for trip in trips:
        assert trip.look()
        trip.go_on()
        assert trip.go_on() == Plan(())


def test_what_somebody_else_relayed_is_not_relayed_again(
    traveller: Traveller, bridge: Bridge
) -> None:
    trip = traveller.begin("withdraw", token="native", amount=ETHER)
    bridge.tell("finalise")
    assert trip.look()["executed"] is False
    trip.go_on()
    again = Trip(traveller, traveller.l2, trip.action, trip.params, trip.steps[:-1])
    assert again.go_on() == Plan(())
    again.steps, again.waiting = trip.steps[:1], trip.waiting
    assert again.look()["executed"] is True
    assert again.go_on() == Plan(())


def test_a_relay_whose_call_fails_on_l1_needs_a_person(
    traveller: Traveller, bridge: Bridge
) -> None:
    before = traveller.balance(L1)
    trip = traveller.begin("withdraw", token="native", amount=ETHER)
    bridge.tell("finalise")
    trip.look()
    with broken(bridge.l1, L1_ETH_GATEWAY):
        trip.go_on()
    assert on(trip, L1) == {}
    assert traveller.balance(L1) == before
    with pytest.raises(PlanError, match="was proven on L1 but what it calls failed"):
        trip.go_on()


def test_a_message_that_fails_on_scroll_is_replayed_once(
    traveller: Traveller, bridge: Bridge
) -> None:
    before = [traveller.balance(side) for side in (L1, L2)]
    trip = traveller.begin("deposit", token="native", amount=ETHER)
    with broken(bridge.l2, L2_ETH_GATEWAY):
        bridge.tell("relay")
    assert trip.look()["outcome"] == "failed"
    assert [step.label for step in trip.go_on().steps] == ["replay", "arrival on Scroll"]
    assert trip.look() is None
    bridge.tell("relay")
    assert trip.look()["outcome"] == "relayed"
    assert trip.go_on() == Plan(())
    moved = [traveller.balance(side) - was for side, was in zip((L1, L2), before, strict=True)]
    assert moved[1] == ETHER
    assert on(trip, L1) == {"": moved[0]}


def test_a_message_that_fails_twice_needs_a_person(traveller: Traveller, bridge: Bridge) -> None:
    trip = traveller.begin("deposit", token="native", amount=ETHER)
    with broken(bridge.l2, L2_ETH_GATEWAY):
        bridge.tell("relay")
        trip.look()
        trip.go_on()
        bridge.tell("relay")
    assert trip.look()["outcome"] == "failed"
    with pytest.raises(PlanError, match="failed on Scroll twice"):
        trip.go_on()


def test_no_more_gas_is_asked_for_than_the_bridge_takes(
    traveller: Traveller, bridge: Bridge
) -> None:
    trip = traveller.begin("deposit", token="native", amount=ETHER, gas_limit=180_000)
    with broken(bridge.l2, L2_ETH_GATEWAY):
        bridge.tell("relay")
    trip.look()
    limit_gas(bridge.l1, 300_000)
    replayed = trip.go_on().steps[0]
    assert isinstance(replayed, Call)
    decoded = L1_MESSENGER_ABI.decode_call(replayed.data)
    assert decoded is not None
    assert decoded.arguments["newGasLimit"] == 300_000
    with pytest.raises(PlanError, match="at most 300000 gas, 300001 are asked for"):
        traveller.begin("deposit", token="native", amount=1, gas_limit=300_001)


def test_a_refund_that_cannot_be_told_is_said_not_guessed(
    traveller: Traveller, bridge: Bridge
) -> None:
    trip = traveller.begin("deposit", token="native", amount=ETHER)
    receipt = trip.steps[-1].receipt
    assert receipt is not None
    context = traveller.l1.context("scroll")
    known = trip.action.settle(context, trip.params, receipt)
    assert [one.direction for one in known.movements] == ["out", "in"]
    # The fee's parameters are where the queue says, and somebody has changed them since.
    config = "0x00000000000000000000000000000000000C0F16"
    with broken(bridge.l1, config):
        unknown = trip.action.settle(context, trip.params, receipt)
    assert unknown.movements == known.movements[:1]
    assert unknown.note.endswith("is not known; compare the balance")


def test_coin_that_a_gateway_unwraps_is_not_taken_for_the_calls_value(
    traveller: Traveller, bridge: Bridge
) -> None:
    trip = traveller.begin("deposit", token=bridge.token, amount=ETHER)
    receipt, context = trip.steps[-1].receipt, traveller.l1.context("scroll")
    assert receipt is not None
    known = trip.action.settle(context, trip.params, receipt)
    assert [one.direction for one in known.movements if not one.token] == ["out", "in"]
    # The gateway of WETH sends the coin it unwrapped with the message, beside the fee.
    sent = L1_MESSENGER_ABI.event("SentMessage").topic
    logs = tuple(
        replace(log, data=ETHER.to_bytes(32) + log.data[32:]) if log.topics[0] == sent else log
        for log in receipt.logs
    )
    found = trip.action.settle(context, trip.params, replace(receipt, logs=logs))
    assert found.movements == known.movements


def test_dollars_go_through_the_gateway_of_their_own(traveller: Traveller, bridge: Bridge) -> None:
    here, there = deploy_dollars(bridge.l1, bridge.l2)
    gateway = Deployment.objects.get(role="l2_usdc_gateway")
    verify_deployment(deployment=gateway, client=NetworkClient(traveller.l2.network))
    mint = encode_call("mint(address,uint256)", traveller.l1.address, 100)
    traveller.l1.send(Call("mint", parse_address(here), bytes.fromhex(mint[2:])))
    for side, token in ((traveller.l1, here), (traveller.l2, there)):
        add_token(side.network, token)
    traveller.begin("deposit", token=here, amount=60)
    bridge.tell("relay")
    trip = traveller.begin("withdraw", token=there, amount=40)
    assert [done.step.label for done in trip.steps] == ["allow 40", "withdraw"]
    bridge.tell("finalise")
    trip.look()
    trip.go_on()
    assert trip.go_on() == Plan(())
    assert [traveller.balance(L1, here), traveller.balance(L2, there)] == [80, 20]
    assert on(trip, L1) == {here: 40}
    assert on(trip, L2) == {there: -40}


def test_the_fee_is_enough_up_to_the_gas_price_of_the_call(
    traveller: Traveller, bridge: Bridge
) -> None:
    (call, _) = traveller.l1.plan("deposit", protocol="scroll", token="native", amount=ETHER).steps
    assert isinstance(call, Call)
    assert call.max_fee_per_gas is not None
    bridge.l1.call("anvil_setNextBlockBaseFeePerGas", hex(call.max_fee_per_gas))
    traveller.l1.send(call)
    bridge.l1.call("anvil_setNextBlockBaseFeePerGas", hex(call.max_fee_per_gas + 100))
    with pytest.raises(AssertionError, match="was reverted"):
        traveller.l1.send(call)


@pytest.mark.parametrize("side", ["l1", "l2"])
def test_a_paused_messenger_is_told_on_its_side(traveller: Traveller, side: str) -> None:
    operator: Operator = getattr(traveller, side)
    assert list(health(operator.context("scroll"))) == []
    messenger = operator.context("scroll").deployment(f"{side}_messenger")
    Place(operator.rpc).call(messenger, "setPause(bool)", True)
    assert list(health(operator.context("scroll"))) == [
        f"Scroll's bridge is paused: {side}_messenger {messenger}"
    ]
