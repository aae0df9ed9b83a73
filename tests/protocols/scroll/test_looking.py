"""The history server is a hint: one that lies, breaks or is down delays, and moves nothing."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.conf import settings

from protocols.actions import Plan, PlanError
from protocols.models import Deployment
from protocols.services import disable_deployment
from tests.protocols.operators import ETHER
from tests.protocols.scroll.bridge import Bridge, Traveller, Trip
from wallets.chain.errors import ChainError

pytestmark = pytest.mark.django_db


class Liar:
    """A server that answers what it is told to."""

    def __init__(self) -> None:
        self.answer: bytes = b"{}"
        liar = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(liar.answer)))
                self.end_headers()
                self.wfile.write(liar.answer)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def say(self, rows: list[dict[str, Any]]) -> None:
        """Answer with these withdrawals."""
        self.answer = json.dumps({"errcode": 0, "data": {"results": rows}}).encode()


@pytest.fixture
def liar(bridge: Bridge) -> Iterator[Liar]:
    """It is asked instead of the honest one."""
    found = Liar()
    settings.SCROLL_BRIDGE_API = f"http://127.0.0.1:{found.server.server_port}"
    yield found
    found.server.shutdown()


@pytest.fixture
def trip(traveller: Traveller, bridge: Bridge) -> Trip:
    """Two withdrawals, one after the other; the first is looked for."""
    first = traveller.begin("withdraw", token="native", amount=ETHER)
    traveller.begin("withdraw", token="native", amount=ETHER)
    return first


def honest_rows(bridge: Bridge) -> list[dict[str, Any]]:
    """What the honest server says."""
    rows: list[dict[str, Any]] = bridge.tell("api/l2/unclaimed/withdrawals")["data"]["results"]
    return rows


def test_a_batch_that_is_not_finalised_is_waited_for(
    trip: Trip, bridge: Bridge, liar: Liar
) -> None:
    bridge.tell("finalise")
    rows = honest_rows(bridge)
    rows[0]["claim_info"]["proof"]["batch_index"] = "2"
    liar.say(rows)
    assert trip.look() is None
    bridge.tell("finalise")
    assert trip.look()["batch_index"] == "2"


def test_a_proof_of_something_else_is_not_taken(trip: Trip, bridge: Bridge, liar: Liar) -> None:
    bridge.tell("finalise")
    rows = honest_rows(bridge)
    rows[0]["claim_info"]["proof"]["merkle_proof"] = "0x" + "11" * 32
    liar.say(rows)
    assert trip.look() is None


@pytest.mark.parametrize("index", ["-1", "0", str(2**256), str(10**100)])
def test_a_batch_that_cannot_be_is_not_asked_for(
    trip: Trip, bridge: Bridge, liar: Liar, index: str
) -> None:
    bridge.tell("finalise")
    rows = honest_rows(bridge)
    rows[0]["claim_info"]["proof"]["batch_index"] = index
    liar.say(rows)
    assert trip.look() is None


def test_a_server_may_write_hashes_its_way_and_say_less(
    trip: Trip, bridge: Bridge, liar: Liar
) -> None:
    bridge.tell("finalise")
    rows = honest_rows(bridge)
    rows[0]["message_hash"] = rows[0]["message_hash"].upper().replace("0X", "0x")
    del rows[0]["claim_info"]["claimable"]
    liar.say(rows)
    assert trip.look()["executed"] is False


def test_a_payment_that_l1_took_back_is_looked_for_again(
    trip: Trip, bridge: Bridge, traveller: Traveller
) -> None:
    bridge.tell("finalise")
    trip.look()
    unpaid = bridge.l1.call("evm_snapshot")
    trip.go_on()
    seen = Trip(traveller, traveller.l2, trip.action, trip.params, trip.steps[:1], trip.waiting)
    assert seen.look()["executed"] is True
    bridge.l1.call("evm_revert", unpaid)
    assert [step.label for step in seen.go_on().steps] == ["batch finalised on L1"]
    assert seen.look()["executed"] is False


def test_somebody_elses_message_is_not_ours(trip: Trip, bridge: Bridge, liar: Liar) -> None:
    bridge.tell("finalise")
    liar.say([row for row in honest_rows(bridge) if row["claim_info"]["nonce"] == "1"])
    assert trip.look() is None


def test_only_the_proof_is_taken_from_the_server(
    trip: Trip, bridge: Bridge, liar: Liar, traveller: Traveller
) -> None:
    bridge.tell("finalise")
    rows = honest_rows(bridge)
    rows[0]["claim_info"] |= {"to": "0x" + "11" * 20, "value": "1", "message": "0x"}
    liar.say(rows)
    assert trip.look()
    trip.go_on()
    assert trip.go_on() == Plan(())


@pytest.mark.parametrize(
    "answer",
    [b"", b"<html>", b"[]", b"null", b'{"data": null}', b'{"data": {"results": [{}]}}'],
)
def test_nonsense_is_a_server_to_be_asked_again(trip: Trip, liar: Liar, answer: bytes) -> None:
    liar.answer = answer
    with pytest.raises(ChainError):
        trip.look()


def test_a_server_that_is_down_is_asked_again(trip: Trip) -> None:
    settings.SCROLL_BRIDGE_API = "http://127.0.0.1:9"
    with pytest.raises(ChainError, match="did not answer"):
        trip.look()


def test_a_claim_that_is_not_ready_is_waited_for(trip: Trip, bridge: Bridge, liar: Liar) -> None:
    bridge.tell("finalise")
    rows = honest_rows(bridge)
    rows[0]["claim_info"]["claimable"] = False
    liar.say(rows)
    assert trip.look() is None


def test_money_leaves_only_where_the_other_side_is_known(traveller: Traveller) -> None:
    for role, action in (("l2_messenger", "deposit"), ("scroll_chain", "withdraw")):
        row = Deployment.objects.get(role=role, protocol__slug="scroll", enabled=True)
        disable_deployment(deployment=row, reason="a test")
        with pytest.raises(PlanError, match=f"no enabled deployment of {role}"):
            traveller.begin(action, token="native", amount=ETHER)


def test_a_deposit_starts_on_l1_and_a_withdrawal_on_scroll(traveller: Traveller) -> None:
    with pytest.raises(PlanError, match="is not that side of Scroll's bridge; start a deposit on"):
        traveller.l2.plan("deposit", protocol="scroll", token="native", amount=1)
    with pytest.raises(PlanError, match="is not that side of Scroll's bridge; start a withdrawal"):
        traveller.l1.plan("withdraw", protocol="scroll", token="native", amount=1)


def test_a_token_of_an_unknown_gateway_is_not_withdrawn(
    traveller: Traveller, bridge: Bridge, twin: str
) -> None:
    row = Deployment.objects.get(role="l2_standard_gateway", enabled=True)
    disable_deployment(deployment=row, reason="a test")
    with pytest.raises(PlanError, match="leaves Scroll through the gateway"):
        traveller.begin("withdraw", token=twin, amount=1)
