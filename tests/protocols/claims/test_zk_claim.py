"""The ZK token is claimed by its owner alone, once, in its window, with a proof of its wave."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from protocols.actions import Call, CallReceipt, Context, Plan, PlanError
from protocols.claims.merkle import Entitlement, MerkleTree, verify_proof
from protocols.claims.zk import ABI, ZkClaim
from protocols.context import build_context
from protocols.models import Protocol
from protocols.params import read_params
from protocols.services import register_deployment, sync_protocols
from tests.chains import Chain
from tests.protocols.operators import logs_of
from tests.protocols.zksync.era import send_as
from tests.protocols.zksync.test_calldata import once
from tests.protocols.zksync.viem import viem_encodes
from tests.solidity import compiled
from wallets.chain.client import NetworkClient
from wallets.models import Network, Wallet

pytestmark = pytest.mark.django_db

WAVES = json.loads((Path(__file__).parent / "data" / "zk_waves.json").read_text())["waves"]
OFFICIAL = Path(__file__).parent / "data" / "zk_distributor.json"
OTHER = "0x1111111111111111111111111111111111111111"
AMOUNT = 917 * 10**18


@pytest.mark.parametrize("wave", WAVES)
def test_published_claims_lead_to_the_root_of_their_wave(wave: str) -> None:
    root = bytes.fromhex(WAVES[wave]["root"])
    for claim in WAVES[wave]["claims"]:
        leaf = Entitlement(claim["index"], claim["account"], int(claim["amount"])).leaf
        proof = [bytes.fromhex(one[2:]) for one in claim["proof"]]
        assert verify_proof(root=root, leaf=leaf, proof=proof)
        assert not verify_proof(root=root, leaf=leaf, proof=proof[1:])


class Distribution:
    """A distributor on chain in which a wallet of ours has a place, and what is claimed there."""

    def __init__(
        self, chain: Chain, network: Network, wallet: Wallet, window: tuple[int, int] = (-60, 3600)
    ) -> None:
        self.chain, self.wallet, self.network = chain, wallet, network
        places = [Entitlement(n, who, AMOUNT) for n, who in enumerate((OTHER, wallet.address))]
        tree = MerkleTree.of_leaves(place.leaf for place in places)
        self.proof = tuple(f"0x{one.hex()}" for one in tree.proof(places[1].leaf))
        # Other tests may have moved the chain's clock.
        clocks = (int(timezone.now().timestamp()), _time_of(chain))
        start, end = (one + (min(clocks) if one < 0 else max(clocks)) for one in window)
        self.address = _deploy(chain, tree.root, start, end)
        sync_protocols()
        register_deployment(
            protocol=Protocol.objects.get(slug="claims"),
            network=network,
            role="zk_merkle_distributor-test",
            address=self.address,
            abi="zk_merkle_distributor",
            source="a test",
            client=NetworkClient(network),
        )

    def context(self) -> Context:
        """What the action may look at."""
        return build_context(
            network=self.network,
            wallet=self.wallet,
            protocol="claims",
            client=NetworkClient(self.network),
            now=timezone.now(),
        )

    def params(self, **changes: Any) -> ZkClaim.Params:
        """What the published list says of the wallet."""
        own = {"index": 1, "amount": str(AMOUNT), "proof": list(self.proof)}
        return read_params(ZkClaim.Params, {**own, **changes})

    def plan(self, **changes: Any) -> Plan:
        """The claim."""
        return ZkClaim().plan(self.context(), self.params(**changes))


def _time_of(chain: Chain) -> int:
    return int(chain.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)


def _deploy(chain: Chain, root: bytes, start: int, end: int) -> str:
    artifact = compiled("tests/solidity/zksync/ZkMerkleDistributor.sol", "ZkMerkleDistributor")
    values = (root, start, end, 10 * AMOUNT)
    code = artifact.creation_code + encode(artifact.constructor_types, values)
    (sender, *_) = chain.rpc.call("eth_accounts")
    message = {"from": sender, "data": f"0x{code.hex()}", "gas": hex(5_000_000)}
    tx_hash = chain.rpc.call("eth_sendTransaction", message)
    chain.mine()
    receipt = chain.rpc.call("eth_getTransactionReceipt", tx_hash)
    return to_checksum_address(receipt["contractAddress"])


@pytest.fixture
def distribution(chain: Chain, network: Network, wallet: Wallet) -> Distribution:
    """One that is open."""
    return Distribution(chain, network, wallet)


def claim(distribution: Distribution) -> CallReceipt:
    """Carry a claim out as its owner."""
    (call,) = distribution.plan().steps
    assert isinstance(call, Call)
    sender = distribution.wallet.address
    found = send_as(distribution.chain.rpc, sender, call.to, f"0x{call.data.hex()}")
    assert found["status"] == "0x1"
    number = int(found["blockNumber"], 16)
    return CallReceipt(call, found["transactionHash"], number, logs_of(found))


def test_a_claim_is_booked_as_the_token_logged_it(distribution: Distribution) -> None:
    settled = ZkClaim().settle(distribution.context(), distribution.params(), claim(distribution))
    assert settled.note == "index 1 is claimed"
    ((token, direction, amount),) = [
        (one.token, one.direction, one.amount) for one in settled.movements
    ]
    assert token
    assert (direction, amount) == ("in", AMOUNT)


def test_a_second_claim_is_refused(distribution: Distribution) -> None:
    claim(distribution)
    with pytest.raises(PlanError, match=r"index 1 of .* is claimed already"):
        distribution.plan()


@pytest.mark.parametrize("wrong", [{"index": 0}, {"amount": "1"}, {"proof": []}])
def test_another_place_amount_or_proof_is_refused(
    distribution: Distribution, wrong: dict[str, Any]
) -> None:
    with pytest.raises(PlanError, match="does not lead to the root"):
        distribution.plan(**wrong)


@pytest.mark.parametrize(
    ("window", "told"), [((600, 4200), "wait until then"), ((-7200, -3600), "too late")]
)
def test_a_claim_outside_its_window_is_refused(
    chain: Chain, network: Network, wallet: Wallet, window: tuple[int, int], told: str
) -> None:
    with pytest.raises(PlanError, match=told):
        Distribution(chain, network, wallet, window).plan()


@once
@given(
    drawn=st.lists(
        st.tuples(
            st.integers(0, 2**256 - 1),
            st.integers(1, 2**256 - 1),
            st.lists(st.binary(min_size=32, max_size=32), max_size=30),
        ),
        min_size=20,
        max_size=20,
    )
)
def test_its_calldata_is_what_viem_makes(drawn: list[tuple[int, int, list[bytes]]]) -> None:
    ours = [ABI.function("claim").encode(*one) for one in drawn]
    as_text = [
        [str(index), str(amount), [f"0x{one.hex()}" for one in proof]]
        for index, amount, proof in drawn
    ]
    asked = [{"abi": "ZkMerkleDistributor", "name": "claim", "args": one} for one in as_text]
    assert ours == viem_encodes(asked, OFFICIAL)
    for data, (index, amount, proof) in zip(ours, drawn, strict=True):
        decoded = ABI.decode_call(data)
        assert decoded is not None
        assert list(decoded.arguments.values()) == [index, amount, tuple(proof)]
