"""A signed request is executed once: what nobody knows is asked about and never signed again."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from protocols.models import Protocol
from tests.wallets import venue_server
from tests.wallets.orders import open_exchange, order, time_passes, worked
from tests.wallets.venue_server import PROTOCOL, VenueServer, after_executing, once, serve_venue
from wallets.models import EmergencyStop, Installation, SignedRequest, Transition, Wallet
from wallets.requests.services import (
    BadRequest,
    cancel_request,
    client_id_of,
    settle_request,
)
from wallets.requests.work import work_requests
from wallets.services import IdempotencyConflict, engage_stop, lift_stop
from wallets.transactions.operator import NotPossible

pytestmark = [pytest.mark.django_db, pytest.mark.db]
UNKNOWN = [venue_server.hang_up, venue_server.hang, venue_server.page, venue_server.broken]


@pytest.fixture
def venue(db: None) -> Iterator[VenueServer]:
    with serve_venue() as server:
        open_exchange(server)
        yield server


def test_an_order_is_signed_sent_and_acknowledged(wallet: Wallet, venue: VenueServer) -> None:
    row = worked(order(wallet))
    assert (row.state, row.times_sent, row.answer) == ("acknowledged", 1, {"status": "done"})
    assert (row.wake_at, venue.executions[row.client_id]) == (None, 1)
    history = Transition.objects.filter(subject="signed_request", subject_id=row.pk)
    states = [line.to_state for line in history]
    assert states == ["prepared", "signed", "sent", "acknowledged"]


def test_the_same_key_is_the_same_request_and_the_same_client_id(
    wallet: Wallet, venue: VenueServer
) -> None:
    first, again = order(wallet), order(wallet)
    assert (first.pk, first.client_id) == (again.pk, client_id_of("o:1"))
    with pytest.raises(IdempotencyConflict, match="already stands for something else"):
        order(wallet, payload={"size": "6"})
    with pytest.raises(IdempotencyConflict, match="is another request's"):
        order(wallet, "o:2", client_id=first.client_id)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"action": "dance"}, "exchange has no dance that could be signed here"),
        ({"payload": {"size": 1.5}}, "write amounts and prices as text"),
        ({"payload": {"size": float("nan")}}, "write amounts and prices as text"),
        ({"payload": {"size": object()}}, "is not JSON"),
    ],
)
def test_what_cannot_be_signed_is_not_prepared(
    wallet: Wallet, venue: VenueServer, fields: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(BadRequest, match=sentence):
        order(wallet, **fields)
    assert not SignedRequest.objects.exists()


def test_nonces_are_the_time_in_milliseconds_and_only_grow(
    wallet: Wallet, venue: VenueServer
) -> None:
    before = int(time.time() * 1000)
    first = worked(order(wallet))
    ahead = before + 10**7
    SignedRequest.objects.filter(pk=first.pk).update(request_nonce=ahead)
    second = worked(order(wallet, "o:2"))
    assert before <= (first.request_nonce or 0) < before + 60_000
    assert second.request_nonce == ahead + 1


def test_what_the_policy_refuses_is_never_signed(wallet: Wallet, venue: VenueServer) -> None:
    row = worked(order(wallet, payload={"size": "101"}))
    assert (row.state, row.signature) == ("refused", None)
    assert row.detail == "policy: orders are of 100 at most"
    assert not venue.received


def test_a_disabled_protocol_has_nothing_signed(wallet: Wallet, venue: VenueServer) -> None:
    row = order(wallet)
    Protocol.objects.filter(slug=PROTOCOL).update(enabled=False)
    assert (worked(row).state, venue.received) == ("refused", [])


def test_only_a_verified_wallet_signs(wallet: Wallet, venue: VenueServer) -> None:
    row = order(wallet)
    Wallet.objects.update(status="retired")
    assert (worked(row).state, row.signature) == ("prepared", None)
    assert "only verified wallets sign" in row.detail


@pytest.mark.parametrize(
    ("scope_kind", "scope_value"),
    [("everything", ""), ("protocol", PROTOCOL), ("wallet", "first")],
)
def test_nothing_is_signed_under_a_stop_and_all_goes_on_after_it(
    wallet: Wallet, venue: VenueServer, scope_kind: str, scope_value: str
) -> None:
    scope = {"scope_kind": scope_kind, "scope_value": scope_value}
    engage_stop(reason="test", actor="test", **scope)
    row = worked(order(wallet))
    assert (row.state, row.signature, row.request_nonce) == ("prepared", None, None)
    assert "emergency stop" in row.detail
    lift_stop(reason="test", actor="test", **scope)
    assert worked(row).state == "acknowledged"


def test_a_stop_of_something_else_stops_nothing(wallet: Wallet, venue: VenueServer) -> None:
    engage_stop(reason="test", actor="test", scope_kind="network", scope_value="devnet-l1")
    assert worked(order(wallet)).state == "acknowledged"


def test_a_paused_installation_signs_nothing(wallet: Wallet, venue: VenueServer) -> None:
    Installation.objects.update(paused=True, pause_reason="restored")
    row = worked(order(wallet))
    assert (row.state, "restored" in row.detail) == ("prepared", True)


def test_a_stop_may_spare_what_only_gives_up(wallet: Wallet, venue: VenueServer) -> None:
    engage_stop(reason="test", actor="test")
    EmergencyStop.objects.update(mode=EmergencyStop.Mode.ALL_BUT_CANCELS)
    assert worked(order(wallet)).state == "prepared"
    assert worked(order(wallet, "o:2", action="cancel_order")).state == "acknowledged"


@pytest.mark.parametrize("lose", UNKNOWN)
def test_an_answer_that_is_lost_is_asked_for(
    wallet: Wallet, venue: VenueServer, lose: venue_server.Reply
) -> None:
    venue.reply = once(after_executing(lose))
    row = worked(order(wallet))
    assert (row.state, row.times_sent) == ("sent", 1)
    assert worked(row).state == "acknowledged"
    assert (venue.executions[row.client_id], len(venue.received)) == (1, 1)


@pytest.mark.parametrize("lose", UNKNOWN)
def test_the_same_bytes_go_again_when_the_venue_never_saw_them_and_refuses_doubles(
    wallet: Wallet, venue: VenueServer, lose: venue_server.Reply
) -> None:
    venue.reply = once(lose)
    row = worked(worked(order(wallet)))
    assert (row.state, row.times_sent) == ("sent", 1)
    time_passes(31)
    assert worked(row).state == "acknowledged"
    assert (venue.executions[row.client_id], row.times_sent) == (1, 2)
    assert venue.received[0] == venue.received[1]


def test_nothing_goes_again_to_a_venue_that_would_do_it_twice(
    wallet: Wallet, venue: VenueServer
) -> None:
    venue.refuses_doubles = False
    venue.reply = venue_server.hang_up
    row = worked(order(wallet))
    time_passes(310)
    assert (worked(row).state, len(venue.received)) == ("needs_operator", 1)
    assert "look there, and say here which it is" in row.detail


def test_a_refusal_of_the_second_copy_decides_nothing(wallet: Wallet, venue: VenueServer) -> None:
    venue.knows_orders = False
    venue.reply = once(after_executing(venue_server.hang_up))
    row = worked(order(wallet))
    time_passes(31)
    assert (worked(row).state, row.times_sent) == ("sent", 2)
    assert "duplicate client id" in row.detail
    time_passes(31)
    assert (worked(row).state, row.times_sent) == ("sent", 2)
    venue.knows_orders = True
    assert (worked(row).state, venue.executions[row.client_id]) == ("acknowledged", 1)


def test_a_refusal_of_the_only_copy_is_the_end(wallet: Wallet, venue: VenueServer) -> None:
    refusal = venue_server._json({"status": "refused", "reason": "no margin"})
    venue.reply = lambda _server, _order: refusal
    row = worked(order(wallet))
    assert (row.state, row.detail, row.wake_at) == ("rejected", "no margin", None)


def test_a_stop_keeps_bytes_from_going_again(wallet: Wallet, venue: VenueServer) -> None:
    venue.reply = once(venue_server.hang_up)
    row = worked(order(wallet))
    engage_stop(reason="test", actor="test")
    time_passes(31)
    assert (worked(row).state, len(venue.received)) == ("sent", 1)
    assert "is not sent again: emergency stop" in row.detail


def test_what_was_done_before_a_stop_is_still_found_out(wallet: Wallet, venue: VenueServer) -> None:
    venue.reply = after_executing(venue_server.hang_up)
    row = worked(order(wallet))
    engage_stop(reason="test", actor="test")
    assert worked(row).state == "acknowledged"


def test_a_venue_that_says_nothing_for_long_needs_a_person_and_is_asked_on(
    wallet: Wallet, venue: VenueServer
) -> None:
    venue.reply = after_executing(venue_server.hang_up)
    venue.on_find = lambda _client_id: venue_server.page(venue, {})
    row = worked(worked(order(wallet)))
    assert row.state == "sent"
    time_passes(310)
    assert worked(row).state == "needs_operator"
    venue.on_find = lambda _client_id: None
    assert worked(row).state == "acknowledged"


def test_a_person_says_what_became_of_it(wallet: Wallet, venue: VenueServer) -> None:
    row = order(wallet)
    with pytest.raises(NotPossible, match="does not need an operator"):
        settle_request(request_id=row.pk, done=True, actor="test", reason="seen")
    venue.refuses_doubles = False
    venue.reply = venue_server.hang_up
    worked(row)
    time_passes(310)
    worked(row)
    done = settle_request(request_id=row.pk, done=False, actor="test", reason="not there")
    assert (done.state, done.detail, done.wake_at) == ("rejected", "not there", None)


def test_what_has_not_left_can_be_cancelled(wallet: Wallet, venue: VenueServer) -> None:
    row = order(wallet)
    cancel_request(request_id=row.pk, actor="test", reason="not wanted")
    assert (worked(row).state, venue.received) == ("cancelled", [])
    sent = worked(order(wallet, "o:2"))
    with pytest.raises(NotPossible, match="what was sent is the venue's"):
        cancel_request(request_id=sent.pk, actor="test", reason="not wanted")


def test_what_waited_too_long_is_never_sent(wallet: Wallet, venue: VenueServer) -> None:
    engage_stop(reason="test", actor="test")
    row = worked(order(wallet, valid_until=timezone.now() + timedelta(minutes=5)))
    SignedRequest.objects.update(valid_until=timezone.now())
    lift_stop(reason="test", actor="test")
    assert (worked(row).state, venue.received) == ("expired", [])


def test_what_is_not_due_costs_nothing(
    wallet: Wallet, venue: VenueServer, django_assert_num_queries: Any
) -> None:
    worked(order(wallet))
    with django_assert_num_queries(1):
        work_requests()
