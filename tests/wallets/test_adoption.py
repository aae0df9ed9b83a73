"""What was made elsewhere with our key, and what of ours was given up too early, is taken in."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.chains import ETHER, Chain
from tests.wallets.intents import settled, ticked, transfer
from wallets.chain.client import NetworkClient
from wallets.chain.rpc import Request
from wallets.models import Attempt, Network, NonceLane, Transaction, Transition, Wallet
from wallets.transactions.adoption import Found, adopt_transaction, find_all_mined
from wallets.transactions.operator import NotPossible, void_transaction
from wallets.transactions.watch import watch

GWEI = 10**9
pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def sent(network: Network, wallet: Wallet, other_wallet: Wallet) -> Transaction:
    """1 ETH on its way to the other wallet, in no block yet."""
    return ticked(transfer(wallet, network, other_wallet.address))


def elsewhere(chain: Chain, wallet: Wallet, nonce: int, **message: str) -> str:
    """A transaction made elsewhere with the wallet's key, in a pool."""
    chain.rpc.call("anvil_impersonateAccount", wallet.address)
    # Written out, so that the same one has the same hash.
    offer = {"gas": "0x5208", "maxFeePerGas": hex(20 * GWEI), "maxPriorityFeePerGas": hex(GWEI)}
    fields = {"from": wallet.address, "to": wallet.address, "nonce": hex(nonce), **offer, **message}
    return str(chain.rpc.call("eth_sendTransaction", fields))


def adopt(row: Transaction, tx_hash: str) -> Transaction:
    """What an operator asks."""
    return adopt_transaction(
        lane=row.lane,
        tx_hash=tx_hash,
        client=NetworkClient(row.network),
        actor="ann",
        reason="sent by hand",
    )


def ask_a_person(row: Transaction) -> None:
    """As if its nonce had been used elsewhere."""
    Transaction.objects.filter(pk=row.pk).update(state="needs_operator")


def test_an_attempt_of_ours_is_adopted_as_it_is(sent: Transaction, chain: Chain) -> None:
    ask_a_person(sent)
    chain.mine()
    adopted = adopt(sent, sent.attempts.get().hash)
    assert (adopted.pk, adopted.state, adopted.outcome) == (sent.pk, "included", "succeeded")
    assert sent.attempts.get().kind == "original"
    assert settled(sent, chain).state == "final"


def test_a_hash_may_be_typed_in_any_case(sent: Transaction, chain: Chain) -> None:
    ask_a_person(sent)
    chain.mine()
    typed = sent.attempts.get().hash.removeprefix("0x").upper()
    assert adopt(sent, f" 0X{typed} ").state == "included"
    assert Attempt.objects.count() == 1


@pytest.mark.parametrize("text", ["", "0x12", "0x" + "zz" * 32, "0x" + "11" * 33])
def test_what_is_no_hash_is_refused_before_a_node_is_asked(sent: Transaction, text: str) -> None:
    sent.network.endpoints.update(enabled=False)
    with pytest.raises(NotPossible, match="is not a transaction hash"):
        adopt(sent, text)


def test_it_is_adopted_while_another_of_the_lane_is_signed_and_not_sent(
    sent: Transaction, chain: Chain, network: Network, wallet: Wallet
) -> None:
    network.endpoints.update(can_send=False)
    signed = ticked(transfer(wallet, network, sent.to, key="t:2"))
    chain.mine()
    tx_hashes = [elsewhere(chain, wallet, nonce) for nonce in (1, 2)]
    chain.mine()
    adopted = adopt(sent, tx_hashes[1])
    assert (signed.state, adopted.state, adopted.nonce) == ("signed", "included", 2)
    assert settled(adopted, chain).outcome == "succeeded"


def test_its_history_says_who_took_it_in_and_why(
    sent: Transaction, chain: Chain, wallet: Wallet
) -> None:
    chain.mine()
    tx_hash = elsewhere(chain, wallet, 1)
    chain.mine()
    adopted = adopt(sent, tx_hash)
    line = Transition.objects.get(subject="transaction", subject_id=adopted.pk)
    assert (line.from_state, line.to_state, line.actor) == ("", "included", "ann")
    assert line.reason == f"made elsewhere: {tx_hash}; sent by hand"


@pytest.fixture
def taken(sent: Transaction, chain: Chain, wallet: Wallet) -> Transaction:
    """Its nonce was used elsewhere for something else, which has been adopted."""
    chain.rpc.call("anvil_dropTransaction", sent.attempts.get().hash)
    tx_hash = elsewhere(chain, wallet, 0)
    chain.mine()
    ask_a_person(sent)
    return adopt(sent, tx_hash)


def test_what_does_something_else_has_replaced_the_transaction(taken: Transaction) -> None:
    assert (taken.state, taken.outcome) == ("included", "replaced")


def test_it_is_still_not_ours_after_a_reorganisation(taken: Transaction, chain: Chain) -> None:
    chain.rpc.call("anvil_reorg", 1, [])
    watch(taken.network, NetworkClient(taken.network))
    taken.refresh_from_db()
    assert (taken.state, taken.outcome) == ("broadcast", "")
    elsewhere(chain, taken.lane.wallet, 0)
    assert (settled(taken, chain).state, taken.outcome) == ("final", "replaced")


def test_what_does_the_same_has_done_it(sent: Transaction, chain: Chain, wallet: Wallet) -> None:
    chain.rpc.call("anvil_dropTransaction", sent.attempts.get().hash)
    tx_hash = elsewhere(chain, wallet, 0, to=sent.to, value=hex(ETHER))
    chain.mine()
    ask_a_person(sent)
    assert adopt(sent, tx_hash).outcome == "succeeded"


def test_an_attempt_of_a_voided_transaction_is_not_taken_for_another(
    sent: Transaction, chain: Chain
) -> None:
    ask_a_person(sent)
    void_transaction(transaction_id=sent.pk, actor="ann", reason="given up")
    chain.mine()
    with pytest.raises(NotPossible, match=f"an attempt of transaction {sent.pk}, which is voided"):
        adopt(sent, sent.attempts.get().hash)


def test_of_several_the_chain_is_asked_at_once_and_each_has_an_answer(
    network: Network, wallet: Wallet, other_wallet: Wallet, chain: Chain
) -> None:
    class Counting(NetworkClient):
        batches = 0

        def read_many(self, requests: Sequence[Request]) -> list[Any]:
            self.batches += 1
            return super().read_many(requests)

    lane = NonceLane.objects.get_or_create(network=network, wallet=wallet)[0]
    mined = [elsewhere(chain, wallet, nonce, to=other_wallet.address) for nonce in range(3)]
    chain.mine(1)
    chain.rpc.call("anvil_setBalance", other_wallet.address, hex(ETHER))
    strange = elsewhere(chain, other_wallet, 0, to=wallet.address)
    chain.mine(1)
    client = Counting(network)
    *found, foreign, absent, nonsense = find_all_mined(
        lane, [*mined, strange, "0x" + "77" * 32, "0x7"], client
    )
    assert [one.nonce for one in found if isinstance(one, Found)] == [0, 1, 2]
    assert "was sent by" in str(foreign)
    assert "is in no block" in str(absent)
    assert isinstance(nonsense, NotPossible)
    assert client.batches == 2


def test_an_answer_without_its_parts_is_no_answer(sent: Transaction, chain: Chain) -> None:
    class Careless(NetworkClient):
        def read_many(self, requests: Sequence[Request]) -> list[Any]:
            answers = super().read_many(requests)
            return [{**one, "from": None} if "from" in one else one for one in answers]

    chain.mine()
    (found,) = find_all_mined(sent.lane, [sent.attempts.get().hash], Careless(sent.network))
    assert "is no answer" in str(found)
