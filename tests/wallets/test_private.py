"""What is to be kept from public mempools is sent through private endpoints only, for ever."""

from collections.abc import Iterator

import pytest
from django.db import DatabaseError
from django.db import transaction as database
from django.utils import timezone

from tests.chains import Chain
from tests.wallets.intents import settled, ticked, transfer
from tests.wallets.rpc_servers import RpcServer, add_endpoint, refusing, serve
from wallets.models import Attempt, Network, NonceLane, RpcEndpoint, Transaction, Wallet
from wallets.services import IdempotencyConflict
from wallets.transactions.operator import (
    cancel_transaction,
    resend_transaction,
    speed_up_transaction,
)
from wallets.transactions.tick import tick

pytestmark = [pytest.mark.django_db, pytest.mark.db]
SEND = "eth_sendRawTransaction"


@pytest.fixture
def public(network: Network, chain: Chain) -> Iterator[RpcServer]:
    """The network's public endpoint."""
    with serve(chain.url) as running:
        RpcEndpoint.objects.filter(name="anvil").update(url=running.url)
        yield running


@pytest.fixture
def private(network: Network, public: RpcServer, chain: Chain) -> Iterator[RpcServer]:
    """A private endpoint beside it."""
    with serve(chain.url) as running:
        add_endpoint(network, "private", running.url, is_private=True, can_read=False)
        yield running


@pytest.fixture
def hidden(
    private: RpcServer, network: Network, wallet: Wallet, other_wallet: Wallet
) -> Transaction:
    """1 ETH on its way through the private endpoint."""
    return ticked(transfer(wallet, network, other_wallet.address, private_only=True))


def sends(server: RpcServer) -> int:
    return server.calls.count(SEND)


def test_it_goes_through_the_private_endpoint_alone(
    hidden: Transaction, public: RpcServer, private: RpcServer, chain: Chain
) -> None:
    assert (hidden.state, hidden.attempts.get().private_only) == ("broadcast", True)
    assert (sends(public), sends(private)) == (0, 1)
    assert settled(hidden, chain).outcome == "succeeded"


def test_it_is_sent_again_through_the_private_endpoint_alone(
    hidden: Transaction, public: RpcServer, private: RpcServer
) -> None:
    resend_transaction(transaction_id=hidden.pk, actor="test")
    ticked(hidden)
    assert (sends(public), sends(private)) == (0, 2)


@pytest.mark.parametrize("kind", ["bump", "cancel"])
def test_so_is_whatever_is_put_at_its_nonce(
    hidden: Transaction, public: RpcServer, private: RpcServer, kind: str
) -> None:
    if kind == "bump":
        speed_up_transaction(transaction_id=hidden.pk, actor="test")
    else:
        cancel_transaction(transaction_id=hidden.pk, actor="test", reason="not wanted")
    ticked(hidden)
    assert hidden.attempts.get(kind=kind).private_only
    assert (sends(public), sends(private)) == (0, 2)


def test_without_a_private_endpoint_it_is_not_signed(
    public: RpcServer, network: Network, wallet: Wallet, other_wallet: Wallet
) -> None:
    row = ticked(transfer(wallet, network, other_wallet.address, private_only=True))
    assert (row.state, row.hold_reason, row.nonce) == ("held", "rpc", None)
    assert row.detail == "Devnet L1 has no private send endpoint; add one"
    assert Attempt.objects.count() == 0


def test_signed_it_waits_for_a_private_endpoint_however_long(
    public: RpcServer, private: RpcServer, network: Network, wallet: Wallet, other_wallet: Wallet
) -> None:
    private.tamper = refusing(SEND, "txpool is full")
    row = ticked(transfer(wallet, network, other_wallet.address, private_only=True))
    RpcEndpoint.objects.filter(name="private").update(enabled=False)
    for _ in range(3):
        NonceLane.objects.update(wake_at=timezone.now())
        tick(row.lane_id)
    attempt = row.attempts.get()
    assert (attempt.last_answer_kind, sends(public)) == ("not_sent", 0)
    assert attempt.last_answer == "Devnet L1 has no private send endpoint; add one"


def test_what_is_public_goes_to_the_public_endpoints(
    private: RpcServer, public: RpcServer, network: Network, wallet: Wallet, other_wallet: Wallet
) -> None:
    row = ticked(transfer(wallet, network, other_wallet.address))
    assert not row.attempts.get().private_only
    assert (sends(public), sends(private)) == (1, 0)


def test_one_key_does_not_stand_for_a_private_and_a_public_transaction(
    hidden: Transaction, network: Network, wallet: Wallet, other_wallet: Wallet
) -> None:
    with pytest.raises(IdempotencyConflict):
        transfer(wallet, network, other_wallet.address)


def test_whom_an_attempt_is_for_never_changes(hidden: Transaction) -> None:
    with pytest.raises(DatabaseError, match="append-only"), database.atomic():
        Attempt.objects.update(private_only=False)
    with pytest.raises(DatabaseError, match="append-only"), database.atomic():
        Attempt.objects.update(raw=b"other")
