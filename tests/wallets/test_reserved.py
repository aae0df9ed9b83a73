"""A key that is elsewhere: the nonce first, the signer outside the database, then all once more."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests.chains import ETHER, Chain, make_wallet
from tests.wallets import signer_server
from tests.wallets.intents import settled, ticked, transfer
from tests.wallets.rpc_servers import Raw
from tests.wallets.signer_server import Reply, SignerServer, make_remote_wallet, serve_signer
from wallets.chain.client import NetworkClient
from wallets.models import (
    Attempt,
    EmergencyStop,
    Installation,
    Limit,
    Network,
    NonceLane,
    Transaction,
    Transition,
    Wallet,
)
from wallets.services import engage_stop, lift_stop
from wallets.transactions import lanes
from wallets.transactions.adoption import adopt_transaction
from wallets.transactions.operator import (
    NotPossible,
    cancel_transaction,
    resend_transaction,
    resume_lane,
    speed_up_transaction,
)
from wallets.transactions.reconcile import reconcile_lane
from wallets.transactions.states import PENDING
from wallets.transactions.tick import tick

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.db]
GWEI = 10**9


@pytest.fixture
def server(network: Network, keystores: Path) -> Iterator[SignerServer]:
    with serve_signer() as running:
        yield running


@pytest.fixture
def remote(chain: Chain, server: SignerServer) -> Wallet:
    """A wallet with 10 ETH whose key is in the signer."""
    wallet = make_remote_wallet("remote", chain, server)
    server.asked.clear()
    return wallet


@pytest.fixture
def payee(chain: Chain, server: SignerServer) -> Wallet:
    return make_wallet("payee", chain, ether=0)


@pytest.fixture
def row(network: Network, remote: Wallet, payee: Wallet) -> Transaction:
    """1 ETH to pay, queued."""
    return transfer(remote, network, payee.address)


def while_it_thinks(work: Callable[[], object], *, then: Reply | None = None) -> Reply:
    """Something else happens before the signer answers."""

    def reply(account: Any, data: bytes) -> Raw | None:
        with closing(connection):
            work()
        return (then or SignerServer().reply)(account, data)

    return reply


def states_of(row: Transaction) -> list[str]:
    lines = Transition.objects.filter(subject="transaction", subject_id=row.pk).order_by("id")
    return [line.to_state for line in lines]


def long_ago(row: Transaction) -> None:
    """The signer has failed for longer than anybody waits."""
    moment = timezone.now() - timedelta(minutes=6)
    Transaction.objects.filter(pk=row.pk).update(state_changed_at=moment)


def lane_of(row: Transaction) -> NonceLane:
    return NonceLane.objects.get(pk=row.lane_id)


@pytest.fixture
def reserved(row: Transaction, server: SignerServer) -> Transaction:
    """Its nonce is taken and the signer has failed."""
    server.reply = signer_server.status(500)
    ticked(row)
    server.healed()
    assert row.state == "reserved"
    return row


@pytest.fixture
def sent(row: Transaction) -> Transaction:
    """On its way, in no block yet."""
    return ticked(row)


def test_a_nonce_is_reserved_signed_and_sent(
    row: Transaction, chain: Chain, payee: Wallet, server: SignerServer
) -> None:
    ticked(row)
    assert states_of(row) == ["queued", "reserved", "signed", "broadcast"]
    assert (len(server.asked), settled(row, chain).outcome) == (1, "succeeded")
    assert chain.balance(payee.address) == ETHER


def test_several_go_out_in_one_turn(
    row: Transaction, network: Network, remote: Wallet, payee: Wallet, chain: Chain
) -> None:
    rows = [row, *(transfer(remote, network, payee.address, key=f"t:{n}") for n in (2, 3))]
    for _ in range(2):  # the first goes alone
        tick(row.lane_id)
    assert [settled(one, chain).nonce for one in rows] == [0, 1, 2]
    assert chain.balance(payee.address) == 3 * ETHER


def test_a_signature_in_the_form_of_a_key_store_is_mined(
    row: Transaction, chain: Chain, server: SignerServer
) -> None:
    server.reply = signer_server.high_s
    assert settled(ticked(row), chain).outcome == "succeeded"


def test_a_signer_that_is_down_costs_no_nonce(row: Transaction, server: SignerServer) -> None:
    server.up = False
    ticked(row)
    assert (row.state, row.nonce) == ("held", None)
    assert row.detail.startswith("the remote signer answered HTTP 503")


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (signer_server.status(500), "answered HTTP 500"),
        (signer_server.html, "no signature of 65 bytes"),
        (signer_server.wrong_key, "did not sign with the key of"),
        (signer_server.other_data, "did not sign with the key of"),
        (signer_server.hang_up, "cannot be reached"),
    ],
)
def test_a_bad_answer_leaves_it_reserved_and_says_why(
    row: Transaction, server: SignerServer, chain: Chain, reply: Reply, sentence: str
) -> None:
    server.reply = reply
    ticked(row)
    assert (row.state, row.nonce, row.attempts.count()) == ("reserved", 0, 0)
    assert sentence in row.detail
    server.healed()
    assert settled(ticked(row), chain).outcome == "succeeded"


def test_what_was_reserved_is_signed_as_it_was_however_the_market_moved(
    reserved: Transaction, server: SignerServer, chain: Chain, payee: Wallet
) -> None:
    chain.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(100 * GWEI))
    chain.mine()
    ticked(reserved)
    first, second = server.asked
    assert first.data == second.data
    assert reserved.attempts.get().max_fee_per_gas == reserved.reserved_max_fee
    # The market is followed by a speed-up, as ever.
    speed_up_transaction(transaction_id=reserved.pk, actor="test")
    assert settled(ticked(reserved), chain).outcome == "succeeded"
    assert chain.balance(payee.address) == ETHER


def test_nothing_else_of_the_lane_is_signed_before_it(
    reserved: Transaction, server: SignerServer, network: Network, remote: Wallet, payee: Wallet
) -> None:
    server.reply = signer_server.status(500)
    later = ticked(transfer(remote, network, payee.address, key="t:2"))
    assert (later.state, later.nonce) == ("queued", None)
    server.healed()
    assert (ticked(later).nonce, ticked(reserved).nonce) == (1, 0)


def test_a_signer_that_fails_for_long_ends_it_and_a_filler_takes_its_nonce(
    reserved: Transaction, server: SignerServer, chain: Chain, remote: Wallet, payee: Wallet
) -> None:
    server.reply = signer_server.status(500)
    long_ago(reserved)
    ticked(reserved)
    assert reserved.state == "voided"
    assert reserved.detail == "nothing of it has left: the remote signer answered HTTP 500"
    assert lane_of(reserved).detail == "nonce 0 waits for its filler"
    server.healed()
    tick(reserved.lane_id)
    filler = Transaction.objects.get(action="filler")
    assert (filler.nonce, settled(filler, chain).outcome) == (0, "succeeded")
    assert (chain.balance(payee.address), chain.nonce(remote.address)) == (0, 1)
    tick(reserved.lane_id)
    assert lane_of(reserved).detail == ""


def test_a_filler_is_reserved_as_well_and_waits_as_long_as_it_takes(
    reserved: Transaction, server: SignerServer, chain: Chain
) -> None:
    server.reply = signer_server.status(500)
    long_ago(reserved)
    tick(reserved.lane_id)
    tick(reserved.lane_id)
    filler = Transaction.objects.get(action="filler")
    long_ago(filler)
    assert (ticked(filler).state, filler.nonce) == ("reserved", 0)
    assert "waits for its filler: the remote signer" in lane_of(filler).detail
    with pytest.raises(NotPossible, match="is a filler; nothing else frees 0"):
        cancel_transaction(transaction_id=filler.pk, actor="test", reason="no")
    server.healed()
    assert settled(ticked(filler), chain).outcome == "succeeded"
    assert states_of(filler)[:3] == ["queued", "reserved", "signed"]


def test_a_stop_while_the_signer_thinks_lets_nothing_out(
    row: Transaction, server: SignerServer, chain: Chain, remote: Wallet, payee: Wallet
) -> None:
    server.reply = while_it_thinks(lambda: engage_stop(reason="test", actor="test"))
    ticked(row)
    assert (row.state, row.nonce, Attempt.objects.count()) == ("voided", 0, 0)
    assert "emergency stop" in row.detail
    tick(row.lane_id)
    assert "waits for its filler: emergency stop" in lane_of(row).detail
    assert not Transaction.objects.filter(action="filler").exists()
    server.healed()
    lift_stop(reason="test", actor="test")
    tick(row.lane_id)
    assert settled(Transaction.objects.get(action="filler"), chain).outcome == "succeeded"
    assert (chain.balance(payee.address), chain.nonce(remote.address)) == (0, 1)


def test_a_stop_that_spares_fillers_has_the_nonce_filled(
    row: Transaction, server: SignerServer, chain: Chain
) -> None:
    def stop() -> None:
        engage_stop(reason="test", actor="test")
        EmergencyStop.objects.update(mode=EmergencyStop.Mode.ALL_BUT_CANCELS)

    server.reply = while_it_thinks(stop)
    assert ticked(row).state == "voided"
    server.healed()
    tick(row.lane_id)
    assert settled(Transaction.objects.get(action="filler"), chain).outcome == "succeeded"


def test_a_stop_keeps_a_reserved_filler_where_it_is(
    reserved: Transaction, server: SignerServer
) -> None:
    server.reply = signer_server.status(500)
    long_ago(reserved)
    tick(reserved.lane_id)
    tick(reserved.lane_id)
    server.healed()
    server.asked.clear()
    engage_stop(reason="test", actor="test")
    filler = ticked(Transaction.objects.get(action="filler"))
    assert (filler.state, server.asked) == ("reserved", [])
    assert "waits for its filler: emergency stop" in lane_of(filler).detail


def test_under_a_stop_the_signer_is_not_even_asked(
    reserved: Transaction, server: SignerServer
) -> None:
    server.asked.clear()
    engage_stop(reason="test", actor="test")
    assert (ticked(reserved).state, server.asked) == ("voided", [])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda: Wallet.objects.filter(label="payee").update(status="unverified"), "policy: "),
        (lambda: Wallet.objects.filter(label="remote").update(status="retired"), "no verified"),
        (lambda: Transaction.objects.update(valid_until=timezone.now()), "time ran out"),
    ],
)
def test_what_is_not_allowed_any_more_when_the_answer_comes_is_dropped(
    row: Transaction, server: SignerServer, change: Callable[[], object], sentence: str
) -> None:
    server.reply = while_it_thinks(change)
    ticked(row)
    assert (row.state, Attempt.objects.count()) == ("voided", 0)
    assert sentence in row.detail


def test_a_fee_limit_lowered_meanwhile_keeps_it_until_patience_ends(
    row: Transaction, server: SignerServer
) -> None:
    def lower() -> None:
        Limit.objects.create(kind="max_fee_per_gas", scope_kind="everything", amount=1)

    server.reply = while_it_thinks(lower)
    assert (ticked(row).state, Attempt.objects.count()) == ("reserved", 0)
    assert "the ceiling is 1 wei" in row.detail
    long_ago(row)
    assert ticked(row).state == "voided"


def test_cancelled_while_the_signer_thinks_it_is_void(
    row: Transaction, server: SignerServer, chain: Chain, payee: Wallet
) -> None:
    server.reply = while_it_thinks(
        lambda: cancel_transaction(transaction_id=row.pk, actor="test", reason="not wanted")
    )
    ticked(row)
    assert (row.state, row.detail, Attempt.objects.count()) == ("voided", "not wanted", 0)
    server.healed()
    tick(row.lane_id)
    filler = settled(Transaction.objects.get(action="filler"), chain)
    assert (filler.nonce, filler.outcome, chain.balance(payee.address)) == (0, "succeeded", 0)


def test_who_lost_the_lane_while_the_signer_thought_keeps_nothing(
    row: Transaction, server: SignerServer, chain: Chain, payee: Wallet
) -> None:
    def another_takes_it() -> None:
        server.healed()
        NonceLane.objects.update(lease_expires_at=timezone.now() - timedelta(minutes=1))
        tick(row.lane_id)

    server.reply = while_it_thinks(another_takes_it)
    ticked(row)
    assert (row.state, row.attempts.count()) == ("broadcast", 1)
    assert settled(row, chain).outcome == "succeeded"
    assert chain.balance(payee.address) == ETHER


def test_the_lane_stays_ours_while_the_signer_thinks(
    row: Transaction, server: SignerServer
) -> None:
    left: list[timedelta] = []

    def look() -> None:
        expires = NonceLane.objects.get().lease_expires_at
        left.append((expires or timezone.now()) - timezone.now())

    server.reply = while_it_thinks(look)
    ticked(row)
    assert left[0] > timedelta(seconds=10)


def test_a_paused_lane_leaves_it_reserved(reserved: Transaction, server: SignerServer) -> None:
    server.asked.clear()
    lanes.pause_lane(lane_of(reserved), "by hand", actor="test")
    assert (ticked(reserved).state, server.asked) == ("reserved", [])
    resume_lane(lane=lane_of(reserved), actor="test")
    assert ticked(reserved).state == "broadcast"


def test_a_paused_installation_leaves_it_reserved(
    reserved: Transaction, server: SignerServer
) -> None:
    server.asked.clear()
    Installation.objects.update(paused=True, pause_reason="restored")
    assert (ticked(reserved).state, server.asked) == ("reserved", [])
    assert "signing is paused" in lane_of(reserved).detail


def test_what_ran_out_of_time_is_void(reserved: Transaction) -> None:
    Transaction.objects.update(valid_until=timezone.now())
    assert ticked(reserved).state == "voided"
    assert reserved.detail == "nothing of it has left: its time ran out"


def test_what_would_fail_by_now_is_void(reserved: Transaction, chain: Chain) -> None:
    # Code that reverts everything: what was a plain transfer cannot be made any more.
    chain.rpc.call("anvil_setCode", reserved.to, "0x60006000fd")
    assert ticked(reserved).state == "voided"
    assert "it would revert" in reserved.detail


def test_what_needs_more_gas_by_now_is_void(reserved: Transaction) -> None:
    Transaction.objects.update(gas_limit=20_000)
    assert ticked(reserved).state == "voided"
    assert "it needs 21000 gas by now, 20000 was reserved" in reserved.detail


def test_what_it_may_cost_is_held_back_from_the_start(
    reserved: Transaction, server: SignerServer, network: Network
) -> None:
    report = reconcile_lane(lane=lane_of(reserved), client=NetworkClient(network))
    assert (report.open_nonces, report.gaps) == ((0,), ())
    assert reserved.reserved_amount > ETHER
    under_way = Transaction.objects.filter(lane=reserved.lane, state__in=PENDING)
    assert [one.pk for one in under_way] == [reserved.pk]


def test_a_nonce_used_elsewhere_while_it_was_reserved_needs_a_person(
    reserved: Transaction, server: SignerServer, chain: Chain, remote: Wallet
) -> None:
    server.reply = signer_server.status(500)
    chain.rpc.call("anvil_impersonateAccount", remote.address)
    foreign = {"from": remote.address, "to": remote.address, "value": "0x0", "nonce": "0x0"}
    found = chain.rpc.call("eth_sendTransaction", foreign)
    chain.mine()
    server.healed()
    assert ticked(reserved).state == "reserved"
    assert "is mined, no signature of it is here" in reserved.detail
    chain.mine(4)
    assert (ticked(reserved).state, lane_of(reserved).paused) == ("needs_operator", True)
    assert not Transaction.objects.filter(action="filler").exists()
    adopt_transaction(
        lane=lane_of(reserved),
        tx_hash=found,
        client=NetworkClient(reserved.network),
        actor="test",
        reason="paid by hand",
    )
    assert (settled(reserved, chain).outcome, reserved.state) == ("replaced", "final")


def test_one_that_is_reserved_takes_no_other_wishes(reserved: Transaction) -> None:
    for ask in (speed_up_transaction, resend_transaction):
        with pytest.raises(NotPossible, match="its signature is awaited"):
            ask(transaction_id=reserved.pk, actor="test")


def test_a_speed_up_and_a_cancel_are_signed_outside_too(
    sent: Transaction, server: SignerServer, chain: Chain, payee: Wallet
) -> None:
    speed_up_transaction(transaction_id=sent.pk, actor="test")
    ticked(sent)
    cancel_transaction(transaction_id=sent.pk, actor="test", reason="not wanted")
    ticked(sent)
    assert [one.kind for one in sent.attempts.order_by("pk")] == ["original", "bump", "cancel"]
    assert (settled(sent, chain).outcome, chain.balance(payee.address)) == ("replaced", 0)


@pytest.mark.parametrize("ask", ["speed_up", "cancel"])
def test_a_stop_while_the_signer_thinks_about_a_further_attempt_drops_it(
    sent: Transaction, server: SignerServer, ask: str
) -> None:
    Transaction.objects.filter(pk=sent.pk).update(wish=ask)
    server.reply = while_it_thinks(lambda: engage_stop(reason="test", actor="test"))
    ticked(sent)
    assert (sent.attempts.count(), sent.wish) == (1, ask)
    assert "emergency stop" in sent.detail
    server.healed()
    lift_stop(reason="test", actor="test")
    assert (ticked(sent).attempts.count(), sent.wish) == (2, "")


def test_a_further_attempt_is_dropped_when_the_first_was_mined_meanwhile(
    sent: Transaction, server: SignerServer, network: Network, chain: Chain
) -> None:
    from wallets.transactions.watch import watch

    def mined() -> None:
        chain.mine()
        watch(network, NetworkClient(network))

    speed_up_transaction(transaction_id=sent.pk, actor="test")
    server.reply = while_it_thinks(mined)
    ticked(sent)
    assert (sent.state, sent.attempts.count()) == ("included", 1)


def test_what_a_person_wants_meanwhile_is_not_forgotten(
    sent: Transaction, server: SignerServer, chain: Chain, payee: Wallet
) -> None:
    speed_up_transaction(transaction_id=sent.pk, actor="test")
    server.reply = while_it_thinks(
        lambda: cancel_transaction(transaction_id=sent.pk, actor="test", reason="not wanted")
    )
    ticked(sent)
    assert (sent.attempts.count(), sent.wish) == (1, "cancel")
    server.healed()
    ticked(sent)
    assert (settled(sent, chain).outcome, chain.balance(payee.address)) == ("replaced", 0)


def test_a_ceiling_lowered_meanwhile_drops_a_speed_up(
    sent: Transaction, server: SignerServer
) -> None:
    def lower() -> None:
        Limit.objects.create(kind="max_fee_per_gas", scope_kind="everything", amount=1)

    speed_up_transaction(transaction_id=sent.pk, actor="test")
    server.reply = while_it_thinks(lower)
    ticked(sent)
    assert sent.attempts.count() == 1
    assert "the ceiling is 1" in sent.detail


def test_a_signer_that_fails_leaves_the_wish_for_later(
    sent: Transaction, server: SignerServer
) -> None:
    speed_up_transaction(transaction_id=sent.pk, actor="test")
    server.reply = signer_server.status(500)
    ticked(sent)
    assert (sent.attempts.count(), sent.wish) == (1, "speed_up")
    assert sent.detail == "the remote signer answered HTTP 500"
