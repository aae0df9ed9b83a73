"""The SCR claim: for the wallet itself, once, after the chain has tried it."""

from typing import Any

import pytest
from eth_utils.crypto import keccak

from airdrops_site.devnet.outbox import Outbox
from protocols.actions import Call, PlanError
from protocols.claims.merkle import MerkleTree
from protocols.models import Deployment, Protocol
from protocols.registry import get_action
from protocols.scroll.claim import DISTRIBUTOR, ROOTS, standard_leaf
from protocols.services import register_deployment
from tests.market import Market
from tests.protocols.judged import judge
from tests.protocols.operators import Operator, booked
from tests.solidity import compiled
from wallets.addresses import parse_address
from wallets.chain.client import NetworkClient

pytestmark = pytest.mark.django_db

AMOUNT = 777
OTHERS = [keccak(text=f"leaf {n}") for n in range(5)]


@pytest.fixture
def proof(alice: Operator, market: Market) -> list[str]:
    """Alice's proof in the tree of a funded, registered distributor."""
    leaf = standard_leaf(parse_address(alice.address), AMOUNT)
    tree = MerkleTree.of_leaves([leaf, *OTHERS])
    outbox = Outbox.of(market.rpc, alice.deployed.treasury)
    artifact = compiled("tests/solidity/TokenDistributor.sol", "TokenDistributor")
    address = outbox.deploy("distributor", artifact, alice.token("GOV"), tree.root)
    outbox.call(alice.token("GOV"), "transfer(address,uint256)", address, 10 * AMOUNT)
    outbox.send()
    register_deployment(
        protocol=Protocol.objects.get(slug="scroll"),
        network=alice.network,
        role=DISTRIBUTOR,
        address=address,
        abi="token_distributor",
        source="the stand-in of the tests",
        client=NetworkClient(alice.network),
    )
    return [f"0x{sibling.hex()}" for sibling in tree.proof(leaf)]


def test_a_claim_is_paid_and_booked_once(alice: Operator, proof: list[str]) -> None:
    asked = {"amount": AMOUNT, "proof": proof}
    (done,) = alice.perform("scroll-claim", protocol="scroll", **asked)
    assert booked([done]) == {alice.token("GOV"): AMOUNT}
    assert done.note == "claimed"
    with pytest.raises(PlanError, match="already claimed"):
        alice.plan("scroll-claim", protocol="scroll", **asked)


def test_a_wrong_amount_is_refused_by_the_chain(alice: Operator, proof: list[str]) -> None:
    with pytest.raises(PlanError, match="invalid proof"):
        alice.plan("scroll-claim", protocol="scroll", amount=AMOUNT + 1, proof=proof)


def test_a_proof_is_checked_against_the_root_that_is_known(
    alice: Operator, proof: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = parse_address(Deployment.objects.get(role=DISTRIBUTOR).address)
    monkeypatch.setitem(ROOTS, address, bytes(32))
    with pytest.raises(PlanError, match="does not lead to the root"):
        alice.plan("scroll-claim", protocol="scroll", amount=AMOUNT, proof=proof)


def test_a_claim_for_somebody_else_is_refused_at_signing(
    alice: Operator, bob: Operator, proof: list[str]
) -> None:
    (call,) = alice.plan("scroll-claim", protocol="scroll", amount=AMOUNT, proof=proof).steps
    assert isinstance(call, Call)
    places: dict[str, Any] = {"network": alice.network, "protocol": "scroll"}
    assert judge(call, wallet=alice.address, **places) == ""
    assert "is not the sending wallet" in judge(call, wallet=bob.address, **places)
    assert get_action("scroll", "scroll-claim").title
