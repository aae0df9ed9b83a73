"""A withdrawal is proven on L1, which pays the wallet itself once, whoever asks it to."""

from typing import Any

import pytest
from eth_abi.abi import encode

from airdrops_site.devnet.outbox import encode_call
from protocols.actions import Call, Done, PlanError, Progress, Wait
from protocols.models import Deployment
from protocols.registry import get_action
from protocols.zksync.proofs import Inclusion, reading
from tests.protocols.zksync.chains import L1, L2, PLACES
from tests.protocols.zksync.conftest import ETHER, register
from tests.protocols.zksync.crossing import Traveller, change
from tests.protocols.zksync.era import send_as
from tests.protocols.zksync.test_deposits import bridged
from wallets.chain.errors import ChainError

pytestmark = pytest.mark.django_db

TOLD = "(uint256,uint256,uint256,address,uint16,bytes,bytes32[])"
STRANGER = "0x00000000000000000000000000000000005712a9"


def test_ether_comes_back_to_l1(traveller: Traveller) -> None:
    before = traveller.holdings()
    traveller.cross(L2, "withdraw", amount=str(ETHER))
    assert change(before, traveller.holdings()) == {(L2, ""): -ETHER, (L1, ""): ETHER}
    assert traveller.booked() == {(L2, ""): -ETHER, (L1, ""): ETHER}
    assert [chain_id for chain_id, _ in traveller.sent] == [L2, L1]


def test_a_token_comes_back_to_l1(traveller: Traveller, coin: str) -> None:
    traveller.cross(L1, "deposit-token", token=coin, amount=str(5 * ETHER))
    there = register(traveller.networks[L2], bridged(traveller, coin))
    before, books = traveller.holdings((L1, coin), (L2, there)), traveller.booked()
    traveller.cross(L2, "withdraw-token", token=there, amount=str(2 * ETHER))
    moved = change(before, traveller.holdings((L1, coin), (L2, there)))
    assert moved == {(L1, coin): 2 * ETHER, (L2, there): -2 * ETHER}
    assert change(books, traveller.booked()) == moved


def test_a_token_that_is_native_to_l2_is_allowed_exactly(
    traveller: Traveller, native_coin: str
) -> None:
    calls = traveller.plan(L2, "withdraw-token", token=native_coin, amount="7").steps[:2]
    assert [call.label for call in calls] == ["allow 7", "withdraw a token"]
    before = traveller.holdings((L2, native_coin))
    traveller.cross(L2, "withdraw-token", token=native_coin, amount="7")
    moved = change(before, traveller.holdings((L2, native_coin)))
    assert moved == {(L2, native_coin): -7}


class Stranger:
    """Somebody who has L1 pay what others withdrew, as soon as it can."""

    def __init__(self, who: Traveller) -> None:
        self.who = who
        self.paid = False

    def finalise(self) -> None:
        """Seal a batch, and finalise the withdrawal in it."""
        self.who.world()
        ((_, call),) = self.who.sent
        found = self._inclusion()
        message = bytes.fromhex("6c0960f9" + self.who.address[2:]) + call.value.to_bytes(32)
        told = (L2, *found[:2], PLACES["L2", "BaseToken"], found[2], message, found[3])
        data = bytes.fromhex("74beea82") + encode([TOLD], [told])
        receipt = send_as(
            self.who.chains.l1, STRANGER, PLACES["L1", "Nullifier"], f"0x{data.hex()}"
        )
        self.paid = receipt["status"] == "0x1"

    def _inclusion(self) -> tuple[int, int, int, list[bytes]]:
        node = self.who.chains.node
        block = node.call("eth_getBlockByNumber", "latest", False)
        (tx_hash,) = block["transactions"]
        receipt = node.call("eth_getTransactionReceipt", tx_hash)
        found = node.call("zks_getL2ToL1LogProof", tx_hash, 0)
        batch, place = (int(receipt[name], 16) for name in ("l1BatchNumber", "l1BatchTxIndex"))
        return batch, found["id"], place, [bytes.fromhex(one[2:]) for one in found["proof"]]


def test_nothing_is_sent_where_somebody_else_finalised(traveller: Traveller) -> None:
    before, stranger = traveller.holdings(), Stranger(traveller)
    traveller.cross(L2, "withdraw", meanwhile=stranger.finalise, amount=str(ETHER))
    assert stranger.paid
    assert [chain_id for chain_id, _ in traveller.sent] == [L2]
    assert change(before, traveller.holdings()) == {(L2, ""): -ETHER, (L1, ""): ETHER}
    assert traveller.booked() == {(L2, ""): -ETHER, (L1, ""): ETHER}


def test_a_proof_that_l1_does_not_take_is_waited_for(traveller: Traveller) -> None:
    root = encode_call("executeBatch(bytes32)", b"\x11" * 32)

    def execute_another_root() -> None:
        send_as(traveller.chains.l1, STRANGER, PLACES["L1", "Mailbox"], root)
        traveller.chains.node.call("test_seal")

    with pytest.raises(AssertionError, match="chain 1 can prove the withdrawal never came"):
        traveller.cross(L2, "withdraw", meanwhile=execute_another_root, amount="5")
    assert [chain_id for chain_id, _ in traveller.sent] == [L2]


def test_a_withdrawal_does_not_start_on_l1(traveller: Traveller) -> None:
    with pytest.raises(PlanError, match=r"a withdrawal starts on zkSync .* not on chain 1;"):
        traveller.plan(L1, "withdraw", amount="1")


def test_a_nullifier_the_bridge_does_not_use_is_not_called(traveller: Traveller) -> None:
    Deployment.objects.filter(role="l1_nullifier").update(address=PLACES["L1", "Bridgehub"])
    with pytest.raises(PlanError, match="find out why, then register the new one"):
        traveller.cross(L2, "withdraw", amount="5")


def test_a_payment_to_somebody_else_is_not_taken_for_ours(traveller: Traveller) -> None:
    traveller.cross(L2, "withdraw", amount="5")
    call, wait = traveller.plan(L2, "withdraw", amount="7").steps
    assert isinstance(call, Call)
    assert isinstance(wait, Wait)
    receipt = traveller.send(L2, call, "withdraw")
    traveller.world()
    action, progress = get_action("zksync", "withdraw"), Progress((Done(call, receipt),))
    node, context = traveller.chains.node, traveller.context(L2)
    # The node names the batch of the first, which is finalised at the very same index.
    batch = node.call("test_misplace", receipt.tx_hash, 1)
    assert action.look(context, None, wait, progress) is None
    node.call("test_misplace", receipt.tx_hash, batch)
    assert action.look(context, None, wait, progress) is not None


@pytest.mark.parametrize("proof", [["0x12"], ["zz"], [7], None])
def test_a_proof_that_cannot_be_read_is_asked_for_again(proof: Any) -> None:
    with pytest.raises(ChainError, match="the proof of the node cannot be read"), reading("proof"):
        Inclusion.of_json({"batch": 1, "index": 1, "tx_number": 1, "proof": proof})
