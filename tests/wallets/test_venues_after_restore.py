"""An order that the backup has not sent may have been sent since: its venue is asked first."""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from airdrops_site.models import Restore
from airdrops_site.restoring.beginning import begin
from airdrops_site.restoring.resuming import resume
from tests.wallets.orders import open_exchange, order, worked
from tests.wallets.rpc_servers import Raw
from tests.wallets.venue_server import VenueServer, serve_venue
from wallets.models import Network, SignedRequest, Wallet
from wallets.requests.signing import sign_request
from wallets.restoring.venues import ask_unsent
from wallets.signers.loading import load_signer

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def venue(db: None) -> Iterator[VenueServer]:
    with serve_venue() as server:
        open_exchange(server)
        yield server


def signed(row: SignedRequest) -> SignedRequest:
    """The backup was made between signature and sending."""
    sign_request(row, load_signer(row.wallet))
    return row


def done_since(row: SignedRequest, venue: VenueServer) -> None:
    """The lost host has sent it after the backup, under the same client id."""
    venue.executions[row.client_id] += 1


def restored() -> Restore:
    return begin(backup_made_at=timezone.now(), source="noon.tar", by="ann")


def after_resume(row: SignedRequest) -> tuple[str, int]:
    """What became of the row, by workers too, and how often it was sent from here."""
    resume(restored(), by="ann", reason="all is told")
    row = worked(row)
    return row.state, row.times_sent


def test_nothing_goes_to_a_venue_before_a_person_resumes(
    wallet: Wallet, venue: VenueServer
) -> None:
    rows = [order(wallet), signed(order(wallet, "o:2"))]
    restored()
    assert [worked(row).state for row in rows] == ["prepared", "signed"]
    assert not venue.received


def test_an_order_the_venue_has_is_not_sent_again(wallet: Wallet, venue: VenueServer) -> None:
    prepared, kept = order(wallet), signed(order(wallet, "o:2"))
    for row in (prepared, kept):
        done_since(row, venue)
    assert after_resume(prepared) == ("cancelled", 0)
    assert worked(kept).state == "acknowledged"
    assert "the venue has it since before the restore" in worked(prepared).detail
    assert (venue.received, set(venue.executions.values())) == ([], {1})


def test_an_order_the_venue_refused_is_rejected(wallet: Wallet, venue: VenueServer) -> None:
    row = signed(order(wallet))
    venue.on_find = lambda _id: Raw(b'{"status": "refused", "reason": "no margin"}')
    assert after_resume(row) == ("rejected", 1)
    assert (row.client_id in venue.executions, venue.received) == (False, [])


def test_an_order_the_venue_does_not_know_goes_out_once(wallet: Wallet, venue: VenueServer) -> None:
    rows = [order(wallet), signed(order(wallet, "o:2"))]
    assert after_resume(rows[0]) == ("acknowledged", 1)
    assert worked(rows[1]).state == "acknowledged"
    assert [venue.executions[row.client_id] for row in rows] == [1, 1]
    assert len(venue.received) == 2


def test_while_the_venue_is_silent_an_order_is_held_until_it_is_asked_again(
    wallet: Wallet, venue: VenueServer
) -> None:
    row = order(wallet)
    done_since(row, venue)
    venue.on_find = lambda _id: Raw(b"gone", 503)
    assert after_resume(row) == ("prepared", 0)
    assert "the venue does not say whether it has it" in worked(row).detail
    venue.on_find = lambda _id: None
    assert [one.answer for one in ask_unsent(actor="ann")] == ["done"]
    assert (worked(row).state, venue.received) == ("cancelled", [])


def test_an_order_without_a_venue_here_is_held_and_a_permit_is_not(
    wallet: Wallet, network: Network
) -> None:
    fields = {"wallet": wallet, "payload": {}, "origin": "test", "action": "order"}
    for name, chain in (("order", None), ("permit", network)):
        SignedRequest.objects.create(
            protocol="gone", idempotency_key=name, client_id=name, network=chain, **fields
        )
    assert [one.answer for one in ask_unsent(actor="ann")] == ["held", "open"]
