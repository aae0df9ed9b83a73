"""The fault programme's invariants find what is planted: they can fail."""

import pytest

from tests.chains import Chain
from tests.faults.invariants import broken_lane, broken_rows, contradictions, unknown_on_chain
from tests.wallets.intents import settled, ticked, transfer
from wallets.models import Network, Transaction, Transition, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def done(network: Network, wallet: Wallet, other_wallet: Wallet, chain: Chain) -> Transaction:
    """A transfer that is final."""
    return settled(ticked(transfer(wallet, network, other_wallet.address)), chain)


def test_what_went_well_breaks_nothing(done: Transaction) -> None:
    tx_hash = done.attempts.get().hash
    assert broken_rows([done]) + broken_lane(done.lane, [tx_hash]) == []
    assert contradictions([done], {done.idempotency_key: 1}) == []


def test_an_execution_that_the_row_does_not_know_is_found(done: Transaction) -> None:
    assert "executed 0 times" in contradictions([done], {done.idempotency_key: 0})[0]
    done.outcome = "replaced"
    assert "executed 1 times" in contradictions([done], {done.idempotency_key: 1})[0]


def test_an_attempt_at_another_nonce_is_found(done: Transaction) -> None:
    done.nonce = 7
    assert "has nonce 7 and attempts at [0]" in broken_rows([done])[0]


def test_a_history_with_a_hole_is_found(done: Transaction) -> None:
    done.state = "broadcast"
    assert "its history ends at final" in broken_rows([done])[0]
    Transition.objects.create(
        subject="transaction",
        subject_id=done.pk,
        from_state="queued",
        to_state="signed",
        actor="test",
        at=done.created_at,
    )
    assert "went from queued to signed" in broken_rows([done])[0]


def test_a_hole_in_the_nonces_is_found(done: Transaction) -> None:
    Transaction.objects.filter(pk=done.pk).update(nonce=3)
    assert "has nonces [3]" in broken_lane(done.lane, [done.attempts.get().hash])[0]


def test_bytes_on_the_chain_that_nobody_stored_are_found(done: Transaction) -> None:
    assert "our rows do not" in unknown_on_chain(done.lane, ["0x" + "ab" * 32])[0]
    sent = done.attempts.get()
    done.attempts.update(times_sent=0)
    assert "our rows do not" in unknown_on_chain(done.lane, [sent.hash])[0]
