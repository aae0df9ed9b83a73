"""After a restore nothing is signed until the chain was asked, and nothing is done twice."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from airdrops_site.models import Restore
from airdrops_site.restoring.asking import ask_chain
from airdrops_site.restoring.beginning import begin
from airdrops_site.restoring.resuming import resume
from airdrops_site.restoring.searching import TooFar, sent_since
from tests.chains import ETHER, Chain
from tests.wallets.intents import settled, ticked, transfer
from tests.wallets.rpc_servers import prefer, refusing, serve
from tests.wallets.test_adoption import elsewhere
from wallets.addresses import parse_address
from wallets.chain.client import NetworkClient
from wallets.models import Attempt, Installation, Network, NonceLane, Transaction, Wallet
from wallets.transactions.tick import tick

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def restored() -> Restore:
    """This database, as if it had just come out of a backup."""
    return begin(backup_made_at=timezone.now(), source="noon.tar", by="ann")


def resumed(restore: Restore) -> Restore:
    return resume(restore, by="ann", reason="all is told")


def done_elsewhere(
    chain: Chain, wallet: Wallet, to: str, *, nonce: int = 0, wei: int = ETHER
) -> str:
    """What the lost installation did after the backup, in a final block."""
    tx_hash = elsewhere(chain, wallet, nonce, to=to, value=hex(wei))
    chain.mine(6)
    return tx_hash


def kinds(restore: Restore) -> list[str]:
    found = restore.findings["networks"].values()
    return [one["kind"] for answer in found for one in answer["matches"]]


@pytest.fixture
def queued(network: Network, wallet: Wallet, other_wallet: Wallet) -> Transaction:
    """1 ETH to the other wallet, asked for before the backup."""
    return transfer(wallet, network, other_wallet.address)


def test_nothing_is_signed_before_a_person_resumes(queued: Transaction, chain: Chain) -> None:
    before = Installation.objects.get().pk
    restore = restored()
    assert ticked(queued).state == "queued"
    assert (restore.previous_installation, Installation.objects.get().paused) == (before, True)
    resumed(restore)
    assert Installation.objects.get().pk == restore.installation != before
    assert settled(ticked(queued), chain).outcome == "succeeded"


def test_an_intent_done_after_the_backup_is_adopted_and_not_done_again(
    queued: Transaction, chain: Chain
) -> None:
    tx_hash = done_elsewhere(chain, queued.lane.wallet, queued.to)
    restore = restored()
    assert kinds(ask_chain(restore, by="ann")) == ["adopted"]
    resumed(restore)
    row = settled(ticked(queued), chain)
    assert (row.state, row.outcome, row.nonce) == ("final", "succeeded", 0)
    assert (row.attempts.get().hash, chain.balance(row.to)) == (tx_hash, ETHER)
    assert chain.nonce(row.lane.wallet.address) == 1


def test_what_nothing_in_the_backup_explains_is_recorded_and_the_lane_goes_on_above_it(
    queued: Transaction, chain: Chain
) -> None:
    done_elsewhere(chain, queued.lane.wallet, queued.to, wei=7)
    restore = restored()
    resumed(restore)
    assert kinds(restore) == ["foreign"]
    assert Transaction.objects.get(action="adopted").value == 7
    assert settled(ticked(queued), chain).nonce == 1
    assert chain.balance(queued.to) == ETHER + 7


def test_signed_bytes_that_never_left_go_out_as_they_are(queued: Transaction, chain: Chain) -> None:
    queued.network.endpoints.update(can_send=False)
    signed = ticked(queued).attempts.get()
    queued.network.endpoints.update(can_send=True)
    Attempt.objects.update(times_sent=0)
    restore = restored()
    resumed(restore)
    assert settled(ticked(queued), chain).state == "final"
    assert queued.attempts.get().hash == signed.hash


def test_bytes_the_backup_calls_unsent_are_found_in_their_block(
    queued: Transaction, chain: Chain
) -> None:
    ticked(queued)
    chain.mine(6)
    Attempt.objects.update(times_sent=0)
    Transaction.objects.update(state="signed")
    restore = ask_chain(restored(), by="ann")
    queued.refresh_from_db()
    assert (kinds(restore), queued.state, queued.outcome) == (["own"], "final", "succeeded")


def test_a_nonce_that_another_intent_took_after_the_backup_gives_up_its_own(
    queued: Transaction, chain: Chain, network: Network
) -> None:
    ticked(queued)
    chain.rpc.call("anvil_dropTransaction", queued.attempts.get().hash)
    second = transfer(queued.lane.wallet, network, queued.to, key="t:2", value=5)
    done_elsewhere(chain, queued.lane.wallet, queued.to, wei=5)
    restore = restored()
    resumed(restore)
    queued.refresh_from_db()
    assert (queued.state, settled(second, chain).outcome) == ("voided", "succeeded")
    tick(queued.lane_id)
    assert chain.balance(queued.to) == 5


def test_what_lies_in_a_pool_and_not_in_the_backup_is_waited_for(
    queued: Transaction, chain: Chain
) -> None:
    elsewhere(chain, queued.lane.wallet, 0, to=queued.to, value=hex(ETHER))
    restore = restored()
    with pytest.raises(CommandError, match="a node holds 1 transactions of first that are in no"):
        call_command("resume_state", "--confirm")
    chain.mine(6)
    resumed(restore)
    assert settled(ticked(queued), chain).nonce == 0
    assert chain.nonce(queued.lane.wallet.address) == 1


def test_a_silent_network_is_named_and_may_be_left_paused(
    queued: Transaction, chain: Chain
) -> None:
    queued.network.endpoints.update(enabled=False)
    restored()
    with pytest.raises(CommandError, match="devnet-l1: Devnet L1 does not answer"):
        call_command("resume_state", "--confirm")
    assert Installation.objects.get().paused
    told = StringIO()
    call_command("resume_state", "--confirm", "--without", "devnet-l1", stdout=told)
    assert "left paused: devnet-l1; what was spent there since" in " ".join(told.getvalue().split())
    assert (Installation.objects.get().paused, NonceLane.objects.get().paused) == (False, True)
    queued.network.endpoints.update(enabled=True)
    call_command("resume_state", "--confirm", stdout=StringIO())
    assert not NonceLane.objects.get().paused


def test_a_call_that_resembles_one_made_after_the_backup_keeps_its_lane_paused(
    queued: Transaction, chain: Chain
) -> None:
    Transaction.objects.update(data=b"\x01\x02\x03\x04old", selector="0x01020304")
    data = "0x01020304" + b"new".hex()
    elsewhere(chain, queued.lane.wallet, 0, to=queued.to, data=data, gas="0x7530")
    chain.mine(6)
    resumed(restored())
    lane = NonceLane.objects.get()
    assert lane.paused
    assert f"transaction {queued.pk} waits" in lane.pause_reason


def test_where_nodes_keep_no_old_states_blocks_are_read_up_to_what_is_allowed(
    queued: Transaction, chain: Chain, network: Network
) -> None:
    tx_hash = done_elsewhere(chain, queued.lane.wallet, queued.to)
    whose, now = parse_address(queued.lane.wallet.address), timezone.now()
    with serve(chain.rpc.url) as server:
        server.tamper = refusing("eth_getBalance", "missing trie node 1234")
        network.endpoints.all().delete()
        prefer(network, server)
        asked = (NetworkClient(network), [whose], now, chain.head())
        assert sent_since(*asked, most_blocks=1_000)[whose] == {0: tx_hash}
        with pytest.raises(TooFar, match="would have to be read"):
            sent_since(*asked, most_blocks=3)
