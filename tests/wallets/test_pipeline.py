"""The happy path of the pipeline on a real chain, and what must hold around it."""

import pytest
from django.db import IntegrityError, transaction

from tests.chains import ETHER, Chain
from tests.wallets.intents import transfer
from wallets.chain.client import NetworkClient
from wallets.models import Attempt, Limit, Network, Transaction, Transition, Wallet
from wallets.services import (
    IdempotencyConflict,
    engage_stop,
    lift_stop,
)
from wallets.transactions.tick import tick
from wallets.transactions.watch import watch

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_a_transfer_goes_from_intent_to_final(
    chain: Chain, network: Network, wallet: Wallet, other_wallet: Wallet
) -> None:
    row = transfer(wallet, network, other_wallet.address)
    tick(row.lane_id)
    for _ in range(4):
        chain.mine()
        watch(network, NetworkClient(network))
    row.refresh_from_db()
    assert (row.state, row.outcome) == ("final", "succeeded")
    assert chain.balance(other_wallet.address) == ETHER
    fee = row.receipts.get().fee
    assert chain.balance(wallet.address) == 9 * ETHER - fee
    history = Transition.objects.filter(subject="transaction", subject_id=row.pk)
    assert [step.to_state for step in history] == [
        "queued",
        "signed",
        "broadcast",
        "included",
        "confirmed",
        "final",
    ]


def test_the_same_key_is_the_same_transaction(
    network: Network, wallet: Wallet, other_wallet: Wallet
) -> None:
    first = transfer(wallet, network, other_wallet.address)
    assert transfer(wallet, network, other_wallet.address) == first
    with pytest.raises(IdempotencyConflict):
        transfer(wallet, network, other_wallet.address, value=2 * ETHER)


def test_ticking_again_and_again_sends_one_transaction(
    chain: Chain, network: Network, wallet: Wallet, other_wallet: Wallet
) -> None:
    row = transfer(wallet, network, other_wallet.address)
    for _ in range(3):
        tick(row.lane_id)
    chain.mine()
    assert (Attempt.objects.count(), chain.nonce(wallet.address)) == (1, 1)


def test_bytes_signed_but_never_sent_are_sent_by_the_next_tick(
    chain: Chain, network: Network, wallet: Wallet, other_wallet: Wallet
) -> None:
    row = transfer(wallet, network, other_wallet.address)
    network.endpoints.update(can_send=False)
    tick(row.lane_id)
    row.refresh_from_db()
    assert row.state == "signed"
    stored = bytes(row.attempts.get().raw)
    network.endpoints.update(can_send=True)
    tick(row.lane_id)
    row.refresh_from_db()
    assert (row.state, bytes(row.attempts.get().raw)) == ("broadcast", stored)


def test_a_call_that_would_revert_is_refused_and_costs_nothing(
    chain: Chain, network: Network, wallet: Wallet
) -> None:
    # PUSH1 0 PUSH1 0 REVERT: whoever calls it reverts.
    chain.rpc.call("anvil_setCode", "0x" + "12" * 20, "0x60006000fd")
    row = transfer(wallet, network, "0x" + "12" * 20, data=b"\x01\x02\x03\x04", value=0)
    tick(row.lane_id)
    row.refresh_from_db()
    assert row.state == "refused"
    assert chain.balance(wallet.address) == 10 * ETHER


def test_a_call_without_a_rule_is_refused(network: Network, wallet: Wallet) -> None:
    row = transfer(wallet, network, "0x" + "34" * 20, data=b"\xa9\x05\x9c\xbb", value=0)
    tick(row.lane_id)
    row.refresh_from_db()
    assert row.state == "refused"
    assert "no rule allows evm to call 0xa9059cbb" in row.detail


def test_native_coin_goes_to_own_wallets_only(network: Network, wallet: Wallet) -> None:
    row = transfer(wallet, network, "0x" + "56" * 20)
    tick(row.lane_id)
    row.refresh_from_db()
    assert row.state == "refused"


def test_nothing_is_signed_while_the_stop_is_engaged(
    network: Network, wallet: Wallet, other_wallet: Wallet
) -> None:
    row = transfer(wallet, network, other_wallet.address)
    engage_stop(reason="test", actor="test")
    tick(row.lane_id)
    row.refresh_from_db()
    assert (row.state, row.hold_reason, Attempt.objects.count()) == ("held", "stop", 0)
    lift_stop(reason="over", actor="test")
    tick(row.lane_id)
    row.refresh_from_db()
    assert row.state == "broadcast"


def test_too_little_money_is_held_not_sent(
    network: Network, wallet: Wallet, other_wallet: Wallet
) -> None:
    row = transfer(wallet, network, other_wallet.address, value=10 * ETHER)
    tick(row.lane_id)
    row.refresh_from_db()
    assert row.state in ("held", "queued", "refused")
    assert Attempt.objects.count() == 0


def test_a_fee_above_the_ceiling_is_held_never_clamped(
    network: Network, wallet: Wallet, other_wallet: Wallet
) -> None:
    Limit.objects.create(kind="max_fee_per_gas", scope_kind="everything", amount=1)
    row = transfer(wallet, network, other_wallet.address)
    tick(row.lane_id)
    row.refresh_from_db()
    assert (row.state, row.hold_reason) == ("held", "fee_ceiling")


def test_a_reorganisation_sends_the_same_bytes_again(
    chain: Chain, network: Network, wallet: Wallet, other_wallet: Wallet
) -> None:
    row = transfer(wallet, network, other_wallet.address)
    tick(row.lane_id)
    chain.mine(2)
    watch(network, NetworkClient(network))
    row.refresh_from_db()
    assert row.state == "confirmed"
    chain.rpc.call("anvil_reorg", 2, [])
    watch(network, NetworkClient(network))
    row.refresh_from_db()
    assert row.state == "broadcast"
    tick(row.lane_id)
    for _ in range(4):
        chain.mine()
        watch(network, NetworkClient(network))
    row.refresh_from_db()
    assert (row.state, row.attempts.count(), chain.nonce(wallet.address)) == ("final", 1, 1)


def test_a_nonce_used_elsewhere_pauses_the_lane(
    chain: Chain, network: Network, wallet: Wallet, other_wallet: Wallet
) -> None:
    row = transfer(wallet, network, other_wallet.address)
    tick(row.lane_id)
    chain.mine()
    chain.rpc.call("anvil_setNonce", wallet.address, "0x9")
    second = transfer(wallet, network, other_wallet.address, key="t:2")
    tick(second.lane_id)
    second.lane.refresh_from_db()
    assert second.lane.paused
    assert "used elsewhere" in second.lane.pause_reason


def test_an_imported_wallet_starts_at_the_chains_count(
    chain: Chain, network: Network, wallet: Wallet, other_wallet: Wallet
) -> None:
    chain.rpc.call("anvil_setNonce", wallet.address, "0x7")
    chain.mine(5)
    row = transfer(wallet, network, other_wallet.address)
    tick(row.lane_id)
    row.refresh_from_db()
    assert row.nonce == 7


def test_one_nonce_belongs_to_one_transaction(
    network: Network, wallet: Wallet, other_wallet: Wallet
) -> None:
    rows = [transfer(wallet, network, other_wallet.address, key=f"t:{n}") for n in (1, 2)]
    for row in rows:
        tick(row.lane_id)
    first, second = Transaction.objects.order_by("nonce")
    assert (first.nonce, second.nonce) == (0, 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Transaction.objects.filter(pk=second.pk).update(nonce=0)
