"""A nonce reserved for a remote signer in the backup: what became of it since decides."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone

from airdrops_site.models import Restore
from airdrops_site.restoring.beginning import begin
from airdrops_site.restoring.resuming import resume
from tests.airdrops_site.test_restoring import kinds
from tests.chains import ETHER, Chain, make_wallet
from tests.wallets import signer_server
from tests.wallets.intents import settled, ticked, transfer
from tests.wallets.signer_server import SignerServer, make_remote_wallet, serve_signer
from tests.wallets.test_adoption import elsewhere
from wallets.models import Network, Transaction

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.db]


@pytest.fixture
def server(network: Network, keystores: Path) -> Iterator[SignerServer]:
    with serve_signer() as running:
        yield running


@pytest.fixture
def reserved(network: Network, chain: Chain, server: SignerServer) -> Transaction:
    """1 ETH to pay; the backup was made while the signer thought."""
    remote = make_remote_wallet("remote", chain, server)
    payee = make_wallet("payee", chain, ether=0)
    server.reply = signer_server.status(500)
    row = ticked(transfer(remote, network, payee.address))
    server.healed()
    server.asked.clear()
    assert row.state == "reserved"
    return row


def since(chain: Chain, row: Transaction, **message: str) -> None:
    """The lost host went on: at the reserved nonce this is final."""
    elsewhere(chain, row.lane.wallet, 0, **message)
    chain.mine(6)


def resumed() -> Restore:
    restore = begin(backup_made_at=timezone.now(), source="noon.tar", by="ann")
    return resume(restore, by="ann", reason="all is told")


def test_it_is_asked_for_only_after_a_person_has_resumed(
    reserved: Transaction, server: SignerServer, chain: Chain
) -> None:
    restore = begin(backup_made_at=timezone.now(), source="noon.tar", by="ann")
    assert (ticked(reserved).state, server.asked) == ("reserved", [])
    resume(restore, by="ann", reason="all is told")
    assert settled(ticked(reserved), chain).outcome == "succeeded"
    assert (chain.nonce(reserved.lane.wallet.address), len(server.asked)) == (1, 1)


def test_what_was_signed_and_mined_since_is_not_signed_again(
    reserved: Transaction, server: SignerServer, chain: Chain
) -> None:
    since(chain, reserved, to=reserved.to, value=hex(ETHER))
    assert kinds(resumed()) == ["adopted"]
    assert settled(ticked(reserved), chain).outcome == "succeeded"
    assert (chain.balance(reserved.to), server.asked) == (ETHER, [])


def test_what_was_given_up_since_for_its_filler_is_not_done_later(
    reserved: Transaction, server: SignerServer, chain: Chain
) -> None:
    since(chain, reserved)
    assert kinds(resumed()) == ["replaced"]
    row = settled(ticked(reserved), chain)
    assert (row.state, row.outcome, server.asked) == ("final", "replaced", [])
    later = transfer(row.lane.wallet, row.network, row.to, key="t:2", value=5)
    assert settled(ticked(later), chain).nonce == 1
    assert chain.balance(row.to) == 5
