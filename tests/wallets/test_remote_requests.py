"""A remote signer is asked outside the database; what it says after a stop is dropped."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from django.db import connection

from tests.chains import Chain
from tests.wallets import signer_server
from tests.wallets.orders import open_exchange, order, worked
from tests.wallets.rpc_servers import Raw
from tests.wallets.signer_server import SignerServer, make_remote_wallet, serve_signer, signature
from tests.wallets.venue_server import VenueServer, serve_venue
from wallets.models import Network, SignedRequest, WakeUp, Wallet
from wallets.requests.work import due_requests
from wallets.services import engage_stop, lift_stop
from wallets.signers.loading import become_signing_process

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.db]


@pytest.fixture
def server(network: Network) -> Iterator[SignerServer]:
    become_signing_process()
    with serve_signer() as running:
        yield running


@pytest.fixture
def venue(server: SignerServer) -> Iterator[VenueServer]:
    with serve_venue() as running:
        open_exchange(running)
        yield running


@pytest.fixture
def remote(chain: Chain, server: SignerServer) -> Wallet:
    return make_remote_wallet("remote", chain, server)


def while_it_thinks(work: Any) -> signer_server.Reply:
    """Something else happens before the signer answers."""

    def reply(account: Any, data: bytes) -> Raw:
        with closing(connection):
            work()
        return Raw(signature(account, data).encode())

    return reply


def test_an_order_is_signed_remotely_and_sent(remote: Wallet, venue: VenueServer) -> None:
    row = worked(order(remote))
    assert (row.state, venue.executions[row.client_id]) == ("acknowledged", 1)


def test_a_prepared_order_wakes_the_workers(remote: Wallet, venue: VenueServer) -> None:
    order(remote)
    assert WakeUp.objects.get(key="requests").enqueued_at is not None
    assert due_requests().count() == 1


def test_an_answer_that_comes_after_a_stop_is_dropped(
    remote: Wallet, server: SignerServer, venue: VenueServer
) -> None:
    server.reply = while_it_thinks(lambda: engage_stop(reason="test", actor="test"))
    row = worked(order(remote))
    assert (row.state, row.signature, venue.received) == ("prepared", None, [])
    assert "emergency stop" in row.detail
    nonce = row.request_nonce
    server.healed()
    lift_stop(reason="test", actor="test")
    assert (worked(row).state, row.request_nonce) == ("acknowledged", nonce)
    assert server.asked[-1].data == server.asked[-2].data


def test_a_signer_that_fails_is_asked_for_the_same_message_again(
    remote: Wallet, server: SignerServer, venue: VenueServer
) -> None:
    server.reply = signer_server.status(500)
    row = worked(order(remote))
    assert (row.state, row.detail) == ("prepared", "the remote signer answered HTTP 500")
    server.healed()
    assert worked(row).state == "acknowledged"
    assert server.asked[-1].data == server.asked[-2].data


def test_an_order_cancelled_while_the_signer_thinks_is_not_sent(
    remote: Wallet, server: SignerServer, venue: VenueServer
) -> None:
    from wallets.requests.services import cancel_request

    row = order(remote)
    server.reply = while_it_thinks(
        lambda: cancel_request(request_id=row.pk, actor="test", reason="not wanted")
    )
    assert (worked(row).state, venue.received) == ("cancelled", [])
    assert SignedRequest.objects.get().signature is None
