"""A person takes up a crossing again: only what is the wallet's own, and open."""

import pytest

from protocols.actions import Call, Plan, PlanError
from tests.protocols.operators import ETHER, Operator, booked
from tests.protocols.scroll.bridge import Bridge, Traveller, Trip
from tests.protocols.scroll.contracts import L1, L2, L2_ETH_GATEWAY, broken
from wallets.addresses import parse_address

pytestmark = pytest.mark.django_db


def began(trip: Trip) -> str:
    """The transaction that crossed."""
    receipt = trip.steps[-1].receipt
    assert receipt is not None
    return receipt.tx_hash


def test_a_message_that_ran_out_of_gas_is_replayed_with_more(
    traveller: Traveller, bridge: Bridge
) -> None:
    before = traveller.balance(L2)
    trip = traveller.begin("deposit", token="native", amount=ETHER, gas_limit=60_000)
    bridge.tell("relay")
    # Out of gas the whole transaction is undone on Scroll: no log tells of it.
    assert trip.look() is None
    again = traveller.begin("replay", tx_hash=began(trip))
    bridge.tell("relay")
    assert again.look()["outcome"] == "relayed"
    assert again.go_on() == Plan(())
    assert traveller.balance(L2) - before == ETHER
    # The run that waited for it sees it too.
    assert trip.look()["outcome"] == "relayed"


def test_the_fee_of_a_replay_is_booked(traveller: Traveller, bridge: Bridge) -> None:
    trip = traveller.begin("deposit", token="native", amount=ETHER, gas_limit=60_000)
    bridge.tell("relay")
    before = traveller.balance(L1)
    again = traveller.begin("replay", tx_hash=began(trip))
    moved = traveller.balance(L1) - before
    assert booked(done for _, done in again.settlements) == {"": moved}
    assert -ETHER < moved < 0


def test_a_replay_that_fails_asks_again(traveller: Traveller, bridge: Bridge) -> None:
    trip = traveller.begin("deposit", token="native", amount=ETHER)
    with broken(bridge.l2, L2_ETH_GATEWAY):
        bridge.tell("relay")
        again = traveller.begin("replay", tx_hash=began(trip))
        bridge.tell("relay")
    assert again.look()["outcome"] == "failed"
    with pytest.raises(PlanError, match="failed on Scroll again"):
        again.go_on()


def test_what_has_arrived_is_not_replayed(traveller: Traveller, bridge: Bridge) -> None:
    trip = traveller.begin("deposit", token="native", amount=ETHER)
    bridge.tell("relay")
    with pytest.raises(PlanError, match="has arrived; nothing is to be done"):
        traveller.begin("replay", tx_hash=began(trip))


def test_a_withdrawal_begun_elsewhere_is_finished(traveller: Traveller, bridge: Bridge) -> None:
    trip = traveller.begin("withdraw", token="native", amount=ETHER)
    before = traveller.balance(L1)
    finishing = traveller.begin("relay", tx_hash=began(trip))
    assert finishing.look() is None
    bridge.tell("finalise")
    assert finishing.look()["executed"] is False
    finishing.go_on()
    assert finishing.go_on() == Plan(())
    assert traveller.balance(L1) - before == ETHER
    with pytest.raises(PlanError, match="is paid out; nothing is to be done"):
        traveller.begin("relay", tx_hash=began(trip))


def test_a_transaction_of_somebody_else_is_not_taken_up(
    traveller: Traveller, bridge: Bridge
) -> None:
    owner = bridge.l1.call("eth_accounts")[0]
    sent = bridge.l1.call("eth_sendTransaction", {"from": owner, "to": owner})
    bridge.l1.call("evm_mine")
    with pytest.raises(PlanError, match=f"not by {traveller.l1.address}"):
        traveller.begin("replay", tx_hash=sent)


def test_a_transaction_that_is_not_there_or_crosses_nothing_is_said(
    traveller: Traveller, bridge: Bridge
) -> None:
    with pytest.raises(PlanError, match="chain 1 has no transaction 0x00"):
        traveller.begin("replay", tx_hash="0x" + "00" * 32)
    plain = transfer(traveller.l1)
    with pytest.raises(PlanError, match="sent 0 messages over Scroll's bridge"):
        traveller.begin("replay", tx_hash=plain)


def transfer(side: Operator) -> str:
    """A plain transfer of the wallet."""
    return side.send(Call("pay", parse_address("0x" + "11" * 20), value=1)).tx_hash
