"""The history says who did what, when and why; for lanes, stops and the installation too."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.chains import Chain
from tests.wallets.intents import settled, ticked, transfer
from wallets.chain.client import NetworkClient
from wallets.leases import lane_lease
from wallets.models import Attempt, Network, Transaction, Transition, Wallet
from wallets.services import engage_stop, lift_stop, pause_installation, resume_installation
from wallets.signers.loading import load_signer
from wallets.transactions.look import take_look
from wallets.transactions.operator import (
    NotPossible,
    cancel_transaction,
    pause_lane,
    resend_transaction,
    resume_lane,
    speed_up_transaction,
)
from wallets.transactions.reconcile import note_report, reconcile_lane
from wallets.transactions.replacing import Replacement, replace

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def sent(network: Network, wallet: Wallet, other_wallet: Wallet) -> Transaction:
    """1 ETH on its way to the other wallet, in no block yet."""
    return ticked(transfer(wallet, network, other_wallet.address))


def told(subject: str, pk: int) -> list[tuple[str, str, str]]:
    """What is told of it after it was broadcast: the state it came to, who, and why."""
    lines = Transition.objects.filter(subject=subject, subject_id=pk).order_by("pk")
    found = [(line.to_state, line.actor.partition(" ")[0], line.reason) for line in lines]
    return [line for line in found if line[2]]


def test_a_cancel_of_a_signed_one_is_told_when_asked_and_when_done(
    sent: Transaction, chain: Chain
) -> None:
    cancel_transaction(transaction_id=sent.pk, actor="ann", reason="not wanted")
    ticked(sent)
    assert told("transaction", sent.pk) == [
        ("broadcast", "ann", "cancel asked for: not wanted"),
        ("broadcast", "worker", "Cancel signed: asked for by an operator"),
    ]
    assert settled(sent, chain).replaced_because == "cancelled by ann: not wanted"


def test_a_speed_up_and_a_resend_are_told_with_their_reason_or_without(sent: Transaction) -> None:
    speed_up_transaction(transaction_id=sent.pk, actor="ann", reason="it is urgent")
    ticked(sent)
    resend_transaction(transaction_id=sent.pk, actor="bob")
    assert told("transaction", sent.pk) == [
        ("broadcast", "ann", "speed-up asked for: it is urgent"),
        ("broadcast", "worker", "Speed-up signed: asked for by an operator"),
        ("broadcast", "bob", "resend asked for"),
    ]


def test_what_could_not_be_asked_is_not_told(sent: Transaction, chain: Chain) -> None:
    settled(sent, chain)
    with pytest.raises(NotPossible):
        cancel_transaction(transaction_id=sent.pk, actor="ann", reason="not wanted")
    assert told("transaction", sent.pk) == []


def test_a_cancel_of_its_own_says_why(sent: Transaction, chain: Chain) -> None:
    over = timezone.now() - timedelta(minutes=1)
    Transaction.objects.filter(pk=sent.pk).update(valid_until=over)
    ticked(sent)
    why = f"its time ran out at {over:%Y-%m-%d %H:%M:%S} UTC"
    assert told("transaction", sent.pk) == [("broadcast", "worker", f"Cancel signed: {why}")]
    assert settled(sent, chain).replaced_because == f"cancelled: {why}"


def test_a_speed_up_of_its_own_says_why(sent: Transaction, chain: Chain) -> None:
    Network.objects.update(bump_after_seconds=0)
    ticked(sent)
    (line,) = told("transaction", sent.pk)
    assert line == ("broadcast", "worker", "Speed-up signed: it has waited, or offers too little")


def test_pausing_and_resuming_a_lane_are_told(sent: Transaction) -> None:
    pause_lane(lane=sent.lane, actor="ann", reason="looking")
    resume_lane(lane=sent.lane, actor="bob", reason="looked")
    assert told("lane", sent.lane_id) == [("paused", "ann", "looking"), ("open", "bob", "looked")]


def test_a_lane_that_is_not_paused_is_not_resumed(sent: Transaction) -> None:
    with pytest.raises(NotPossible, match="is not paused"):
        resume_lane(lane=sent.lane, actor="ann")


def test_a_lane_that_paused_itself_is_told(sent: Transaction, chain: Chain) -> None:
    chain.mine()
    chain.rpc.call("anvil_setNonce", sent.lane.wallet.address, "0x9")
    ticked(transfer(sent.lane.wallet, sent.network, sent.to, key="t:2"))
    ((state, actor, reason),) = told("lane", sent.lane_id)
    assert (state, actor) == ("paused", "worker")
    assert "the key is used elsewhere" in reason


def test_a_comparison_is_told_once_as_long_as_it_finds_the_same(sent: Transaction) -> None:
    for _ in range(3):
        report = reconcile_lane(lane=sent.lane, client=NetworkClient(sent.network))
        note_report(lane=sent.lane, report=report, actor="ann")
    found = "compared with the chain (mined 0, ours 1): they agree"
    assert told("lane", sent.lane_id) == [("open", "ann", found)]


@pytest.mark.django_db
def test_stops_and_the_installations_pause_are_told() -> None:
    stop = engage_stop(reason="drill", actor="ann", mode="all_but_cancels")
    lift_stop(reason="over", actor="bob")
    pause_installation(reason="moving", actor="ann")
    resume_installation(reason="moved", actor="bob")
    assert told("stop", stop.pk) == [("all_but_cancels", "ann", "drill"), ("lifted", "bob", "over")]
    assert told("installation", 0) == [("paused", "ann", "moving"), ("open", "bob", "moved")]


def test_a_wish_that_came_while_another_attempt_was_being_made_is_not_forgotten(
    sent: Transaction, wallet: Wallet
) -> None:
    with lane_lease(sent.lane_id) as lane:
        assert lane
        look = take_look(lane, [], NetworkClient(sent.network))
        cancel_transaction(transaction_id=sent.pk, actor="ann", reason="not wanted")
        bump = Replacement("bump", look, sent.gas_limit or 0, 0)
        assert replace(lane, sent, bump, load_signer(wallet)) is None
    assert ticked(sent).attempts.latest("id").kind == "cancel"


def test_a_cancel_of_what_every_node_calls_invalid_says_so(sent: Transaction) -> None:
    Attempt.objects.filter(transaction=sent).update(
        state="rejected", times_sent=3, times_refused=3, last_answer="anvil: oversized data"
    )
    ticked(sent)
    (line,) = told("transaction", sent.pk)
    why = "every node calls its bytes invalid: anvil: oversized data"
    assert line == ("broadcast", "worker", f"Cancel signed: {why}")
    assert sent.replaced_because == f"cancelled: {why}"
