"""Whatever is signed comes to an end: sent again, priced up, cancelled, filled, or asked about."""

import pytest
from django.utils import timezone

from tests.chains import ETHER, Chain
from tests.wallets.intents import settled, ticked, transfer
from wallets.models import (
    Attempt,
    EmergencyStop,
    Limit,
    Network,
    Transaction,
    Wallet,
)
from wallets.services import engage_stop
from wallets.transactions.operator import (
    NotPossible,
    cancel_transaction,
    pause_lane,
    resend_transaction,
    resume_lane,
    speed_up_transaction,
    void_transaction,
)
from wallets.transactions.tick import tick

pytestmark = [pytest.mark.django_db, pytest.mark.db]
GWEI = 10**9


@pytest.fixture
def sent(network: Network, wallet: Wallet, other_wallet: Wallet) -> Transaction:
    """1 ETH on its way to the other wallet, in no block yet."""
    row = transfer(wallet, network, other_wallet.address)
    return ticked(row)


def cancel(row: Transaction) -> Transaction:
    """What an operator asks."""
    return cancel_transaction(transaction_id=row.pk, actor="test", reason="not wanted")


def dearer_gas(chain: Chain, gwei: int) -> None:
    """A market in which what was offered before is too little."""
    chain.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(gwei * GWEI))
    chain.mine()


def test_a_speed_up_offers_an_eighth_more_in_both_fees_at_the_same_nonce(
    sent: Transaction, chain: Chain
) -> None:
    speed_up_transaction(transaction_id=sent.pk, actor="test")
    ticked(sent)
    first, second = sent.attempts.order_by("pk")
    assert (second.kind, second.nonce) == ("bump", first.nonce)
    assert 8 * second.max_fee_per_gas >= 9 * first.max_fee_per_gas
    assert 8 * second.max_priority_fee_per_gas >= 9 * first.max_priority_fee_per_gas
    assert (settled(sent, chain).outcome, sent.wish) == ("succeeded", "")
    assert sent.receipts.get().attempt == second


def test_only_one_of_several_attempts_is_executed(
    sent: Transaction, chain: Chain, wallet: Wallet, other_wallet: Wallet
) -> None:
    for _ in range(3):
        speed_up_transaction(transaction_id=sent.pk, actor="test")
        ticked(sent)
    assert (settled(sent, chain).state, sent.attempts.count()) == ("final", 4)
    assert (chain.balance(other_wallet.address), chain.nonce(wallet.address)) == (ETHER, 1)


def test_a_cancel_takes_the_nonce_and_moves_nothing(
    sent: Transaction, chain: Chain, other_wallet: Wallet
) -> None:
    cancel(sent)
    ticked(sent)
    assert (settled(sent, chain).outcome, sent.state) == ("replaced", "final")
    assert chain.balance(other_wallet.address) == 0


def test_what_is_mined_before_the_cancel_has_won(
    sent: Transaction, chain: Chain, other_wallet: Wallet
) -> None:
    cancel(sent)
    chain.mine()
    ticked(sent)
    assert (settled(sent, chain).outcome, sent.attempts.count()) == ("succeeded", 1)
    assert chain.balance(other_wallet.address) == ETHER


def test_what_has_no_nonce_is_cancelled_at_once(
    network: Network, wallet: Wallet, other_wallet: Wallet
) -> None:
    row = cancel(transfer(wallet, network, other_wallet.address))
    assert (row.state, row.nonce) == ("cancelled", None)
    assert Attempt.objects.count() == 0
    with pytest.raises(NotPossible, match="is cancelled, not signed and pending"):
        cancel(row)


def test_the_next_to_be_mined_follows_the_market(sent: Transaction, chain: Chain) -> None:
    Network.objects.update(bump_after_seconds=0)
    dearer_gas(chain, 100)
    ticked(sent)
    first, second = sent.attempts.order_by("pk")
    assert first.max_fee_per_gas < 100 * GWEI < second.max_fee_per_gas
    assert settled(sent, chain).outcome == "succeeded"


def test_a_price_above_the_ceiling_is_not_offered(sent: Transaction, chain: Chain) -> None:
    Network.objects.update(bump_after_seconds=0)
    Limit.objects.create(kind="max_fee_per_gas", scope_kind="everything", amount=50 * GWEI)
    dearer_gas(chain, 100)
    ticked(sent)
    assert (sent.state, sent.attempts.count()) == ("broadcast", 1)
    assert "the ceiling is 50000000000" in sent.detail


def test_a_higher_nonce_is_not_priced_up_while_a_lower_one_waits(
    sent: Transaction, network: Network, wallet: Wallet, other_wallet: Wallet
) -> None:
    second = ticked(transfer(wallet, network, other_wallet.address, key="t:2"))
    Network.objects.update(bump_after_seconds=0)
    ticked(second)
    assert (sent.attempts.count(), second.attempts.count()) == (2, 1)


def test_a_stop_forbids_a_speed_up_and_its_mode_allows_a_cancel(sent: Transaction) -> None:
    engage_stop(reason="test", actor="test")
    speed_up_transaction(transaction_id=sent.pk, actor="test")
    ticked(sent)
    assert sent.attempts.count() == 1
    assert "emergency stop" in sent.detail
    EmergencyStop.objects.update(mode=EmergencyStop.Mode.ALL_BUT_CANCELS)
    cancel(sent)
    ticked(sent)
    assert [one.kind for one in sent.attempts.order_by("pk")] == ["original", "cancel"]


def test_what_a_node_dropped_is_sent_again_with_the_same_bytes(
    sent: Transaction, chain: Chain
) -> None:
    chain.rpc.call("anvil_dropTransaction", sent.attempts.get().hash)
    resend_transaction(transaction_id=sent.pk, actor="test")
    ticked(sent)
    assert sent.attempts.get().times_sent == 2
    assert settled(sent, chain).outcome == "succeeded"


def test_a_nonce_that_nothing_holds_is_filled(
    sent: Transaction, network: Network, wallet: Wallet, other_wallet: Wallet, chain: Chain
) -> None:
    second = ticked(transfer(wallet, network, other_wallet.address, key="t:2"))
    # As after a restore: the first nonce's transaction is void and no node has its bytes.
    chain.rpc.call("anvil_dropTransaction", sent.attempts.get().hash)
    Transaction.objects.filter(pk=sent.pk).update(state="voided")
    ticked(second)
    filler = Transaction.objects.get(action="filler")
    assert (filler.nonce, filler.to, filler.value) == (0, wallet.address, 0)
    resend_transaction(transaction_id=second.pk, actor="test")
    ticked(second)
    assert settled(second, chain).outcome == "succeeded"
    assert chain.nonce(wallet.address) == 2


def test_nonces_from_before_the_lane_are_never_filled(
    network: Network, wallet: Wallet, other_wallet: Wallet, chain: Chain
) -> None:
    chain.rpc.call("anvil_setNonce", wallet.address, "0x7")
    chain.mine(5)
    ticked(transfer(wallet, network, other_wallet.address))
    # As a node that lags behind answers: it does not know the last transaction before ours.
    chain.rpc.call("anvil_setNonce", wallet.address, "0x6")
    row = ticked(transfer(wallet, network, other_wallet.address, key="t:2"))
    assert not Transaction.objects.filter(action="filler").exists()
    assert row.nonce == 8


def test_a_cancel_is_not_kept_from_it_by_the_tasks_own_ceiling(
    network: Network, wallet: Wallet, other_wallet: Wallet, chain: Chain
) -> None:
    dearer_gas(chain, 10)
    row = ticked(transfer(wallet, network, other_wallet.address, max_fee_ceiling=12 * GWEI))
    assert row.state == "broadcast", row.detail
    dearer_gas(chain, 50)
    cancel(row)
    ticked(row)
    assert [one.kind for one in row.attempts.all()] == ["original", "cancel"]


def test_what_must_remain_keeps_no_nonce_from_being_freed(sent: Transaction) -> None:
    Limit.objects.create(kind="min_native_balance", scope_kind="everything", amount=100 * ETHER)
    cancel(sent)
    ticked(sent)
    assert sent.attempts.count() == 2


def test_a_filler_follows_the_market(
    sent: Transaction, network: Network, chain: Chain, wallet: Wallet
) -> None:
    ticked(transfer(wallet, network, sent.to, key="t:2"))
    Transaction.objects.filter(pk=sent.pk).update(state="voided")
    chain.rpc.call("anvil_dropAllTransactions")
    tick(sent.lane_id)
    filler = Transaction.objects.get(action="filler")
    speed_up_transaction(transaction_id=filler.pk, actor="test")
    ticked(filler)
    assert (filler.attempts.count(), filler.detail) == (2, "")


def test_what_ran_out_of_time_before_it_left_is_never_sent(
    network: Network, wallet: Wallet, other_wallet: Wallet, chain: Chain
) -> None:
    network.endpoints.update(can_send=False)
    row = ticked(transfer(wallet, network, other_wallet.address))
    network.endpoints.update(can_send=True)
    Attempt.objects.update(times_sent=0)
    Transaction.objects.update(valid_until=timezone.now())
    Network.objects.update(has_mempool=False)
    ticked(row)
    assert settled(row, chain).outcome == "replaced"
    assert chain.balance(other_wallet.address) == 0


def test_held_transactions_keep_no_other_from_its_turn(
    network: Network, wallet: Wallet, other_wallet: Wallet
) -> None:
    for number in range(17):
        transfer(wallet, network, other_wallet.address, key=f"t:{number}", max_fee_ceiling=1)
    late = transfer(wallet, network, other_wallet.address, key="late", valid_until=timezone.now())
    cheap = transfer(wallet, network, other_wallet.address, key="goes", value=1)
    ticked(cheap)
    late.refresh_from_db()
    assert (ticked(cheap).state, late.state) == ("broadcast", "expired")


def test_a_paused_lane_signs_nothing_by_itself(sent: Transaction, chain: Chain) -> None:
    pause_lane(lane=sent.lane, actor="test", reason="a look first")
    waiting = transfer(sent.lane.wallet, sent.network, sent.to, key="t:2")
    Network.objects.update(bump_after_seconds=0)
    dearer_gas(chain, 100)
    ticked(waiting)
    assert (waiting.state, sent.attempts.count()) == ("queued", 1)
    cancel(sent)
    ticked(sent)
    assert sent.attempts.count() == 2


@pytest.mark.parametrize(("other_words", "attempts"), [(0, 2), (1, 1)])
def test_only_what_every_node_always_called_invalid_is_cancelled(
    sent: Transaction, other_words: int, attempts: int
) -> None:
    Attempt.objects.update(
        state="rejected", times_sent=3 + other_words, times_refused=3, last_answer_kind="invalid"
    )
    ticked(sent)
    assert sent.attempts.count() == attempts


def test_a_network_without_a_mempool_takes_no_wishes(sent: Transaction) -> None:
    Network.objects.update(has_mempool=False)
    with pytest.raises(NotPossible, match="has no mempool"):
        speed_up_transaction(transaction_id=sent.pk, actor="test")
    with pytest.raises(NotPossible, match="has no mempool"):
        cancel(sent)


def test_a_filler_above_its_cap_is_not_signed(
    sent: Transaction, network: Network, wallet: Wallet, chain: Chain
) -> None:
    Limit.objects.create(kind="max_filler_fee", scope_kind="everything", amount=1)
    ticked(transfer(wallet, network, wallet.address, key="t:2"))
    chain.rpc.call("anvil_dropTransaction", sent.attempts.get().hash)
    Transaction.objects.filter(pk=sent.pk).update(state="voided")
    tick(sent.lane_id)
    assert not Transaction.objects.filter(action="filler").exists()


def test_a_lane_begins_when_what_came_before_it_is_final(
    network: Network, wallet: Wallet, other_wallet: Wallet, chain: Chain
) -> None:
    chain.rpc.call("anvil_impersonateAccount", wallet.address)
    chain.rpc.call("eth_sendTransaction", {"from": wallet.address, "to": wallet.address})
    chain.mine()
    row = ticked(transfer(wallet, network, other_wallet.address))
    assert (row.state, row.nonce, row.lane.baseline_nonce) == ("held", None, None)
    assert "not final yet" in row.detail
    chain.mine(4)
    assert (ticked(row).state, row.nonce) == ("broadcast", 1)


@pytest.fixture
def taken(network: Network, wallet: Wallet, other_wallet: Wallet, chain: Chain) -> Transaction:
    """Signed and never sent; its nonce is mined with a transaction made elsewhere."""
    network.endpoints.update(can_send=False)
    row = ticked(transfer(wallet, network, other_wallet.address))
    chain.rpc.call("anvil_impersonateAccount", wallet.address)
    foreign = {"from": wallet.address, "to": wallet.address, "value": "0x0", "nonce": "0x0"}
    chain.rpc.call("eth_sendTransaction", foreign)
    chain.mine()
    network.endpoints.update(can_send=True)
    return row


def test_a_nonce_taken_elsewhere_is_unknown_until_it_is_final(
    taken: Transaction, chain: Chain
) -> None:
    ticked(taken)
    assert taken.state == "signed"
    chain.mine(4)
    ticked(taken)
    assert taken.state == "needs_operator"
    assert "the key was used elsewhere" in taken.detail
    taken.lane.refresh_from_db()
    assert taken.lane.paused


def test_a_person_voids_it_before_the_lane_goes_on(taken: Transaction, chain: Chain) -> None:
    chain.mine(4)
    ticked(taken)
    with pytest.raises(NotPossible, match="needs an operator first"):
        resume_lane(lane=taken.lane, actor="test")
    void_transaction(transaction_id=taken.pk, actor="test", reason="paid by hand")
    resume_lane(lane=taken.lane, actor="test")
    again = transfer(taken.lane.wallet, taken.network, taken.to, key="t:2")
    assert (ticked(again).state, again.nonce) == ("broadcast", 1)


def test_what_ran_out_of_time_is_cancelled_not_repriced(sent: Transaction) -> None:
    Transaction.objects.filter(pk=sent.pk).update(valid_until=sent.created_at)
    ticked(sent)
    ticked(sent)
    assert [one.kind for one in sent.attempts.order_by("pk")] == ["original", "cancel"]
