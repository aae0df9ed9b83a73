"""What tests of the bridge share."""

from collections.abc import Iterator

import pytest
from eth_account import Account
from eth_utils.crypto import keccak

from protocols.services import register_token
from tests.protocols.zksync.chains import (
    L1,
    L2,
    Chains,
    make_coin,
    make_networks,
    running_chains,
)
from tests.protocols.zksync.crossing import Traveller
from wallets.chain.client import NetworkClient
from wallets.models import Network, Token, Wallet

ETHER = 10**18


@pytest.fixture(scope="session")
def deployed_chains(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chains]:
    """Both with the bridge's contracts, and the node."""
    with running_chains(tmp_path_factory.mktemp("zksync")) as running:
        yield running


@pytest.fixture
def chains(deployed_chains: Chains) -> Iterator[Chains]:
    """The chains as they were deployed, and a node that has carried nothing yet."""
    both = (deployed_chains.l1, deployed_chains.l2)
    snapshots = [rpc.call("evm_snapshot") for rpc in both]
    deployed_chains.node.call("test_forget")
    yield deployed_chains
    for rpc, snapshot in zip(both, snapshots, strict=True):
        rpc.call("evm_revert", snapshot)


@pytest.fixture
def traveller(db: None, chains: Chains) -> Traveller:
    """A wallet with 10 ETH on both chains."""
    account = Account.from_key(keccak(text="traveller"))
    Wallet.objects.create(
        label="traveller",
        address=account.address,
        signer_kind=Wallet.SignerKind.KEYSTORE,
        signer_reference="traveller.json",
        status=Wallet.Status.VERIFIED,
    )
    chains.fund(account.address, 10 * ETHER)
    return Traveller(chains, account, make_networks(chains))


def register(network: Network, address: str) -> str:
    """Let a token be used."""
    token = Token.objects.create(network=network, address=address, symbol="COIN", decimals=18)
    register_token(token=token, source="a test", client=NetworkClient(network))
    return address


@pytest.fixture
def coin(traveller: Traveller, chains: Chains) -> str:
    """A token of L1 of which the traveller has 1000."""
    return register(traveller.networks[L1], make_coin(chains.l1, traveller.address, 1000 * ETHER))


@pytest.fixture
def native_coin(traveller: Traveller, chains: Chains) -> str:
    """A token of L2 of which the traveller has 1000."""
    return register(traveller.networks[L2], make_coin(chains.l2, traveller.address, 1000 * ETHER))
