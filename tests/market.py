"""A chain with real contracts, its rows, and two operators with keys of their own."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from airdrops_site.devnet.anvil import KEPT_STATES, Anvil, AnvilConfig
from airdrops_site.devnet.deploy import L1_CHAIN_ID, L2_CHAIN_ID, deploy_devnet
from airdrops_site.devnet.manifest import Manifest
from airdrops_site.devnet.outbox import encode_call
from airdrops_site.devnet.ports import free_port
from airdrops_site.devnet.rpc import DevnetRpc
from protocols.models import Protocol
from protocols.services import register_deployment, register_token, sync_protocols
from tests.protocols.operators import Operator
from wallets.chain.client import NetworkClient
from wallets.models import Network, RpcEndpoint, Token, Wallet

ALICE, BOB = (Account.from_key(keccak(text=name)) for name in ("alice", "bob"))


@dataclass(frozen=True, slots=True)
class Market:
    """The devnet's L2, which mines when told, and what was deployed."""

    rpc: DevnetRpc
    manifest: Manifest

    def give(self, symbol: str, to: str, amount: int) -> None:
        """Send base units of a token out of the treasury, and mine."""
        deployed = self.manifest.l2
        data = encode_call("transfer(address,uint256)", to, amount)
        message = {"from": deployed.treasury, "to": deployed.token(symbol).contract.address}
        self.rpc.call("eth_sendTransaction", {**message, "data": data})
        self.rpc.call("evm_mine")


@contextmanager
def deploy_market(folder: Path, kept_states: int = KEPT_STATES) -> Iterator[Market]:
    """Both networks with their contracts; only the second is used, it has the airdrop."""
    with ExitStack() as stack:
        urls = []
        for chain_id in (L1_CHAIN_ID, L2_CHAIN_ID):
            log = folder / f"{chain_id}.log"
            config = AnvilConfig(chain_id, free_port(), log, kept_states=kept_states)
            urls.append(stack.enter_context(Anvil.start(config)).url)
        rpc = stack.enter_context(DevnetRpc(urls[1]))
        manifest = deploy_devnet(*urls, wallets=(ALICE.address, BOB.address))
        # Mining at once happens beside the answer: the receipt may not be there yet.
        rpc.call("evm_setAutomine", False)
        yield Market(rpc, manifest)


@pytest.fixture(scope="session")
def deployed_market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """The market, for all tests of a process."""
    with deploy_market(tmp_path_factory.mktemp("market")) as found:
        yield found


@pytest.fixture
def market(deployed_market: Market) -> Iterator[Market]:
    """The market as it was deployed, whatever the tests before did."""
    snapshot = deployed_market.rpc.call("evm_snapshot")
    yield deployed_market
    deployed_market.rpc.call("evm_revert", snapshot)


@pytest.fixture
def devnet(db: None, market: Market) -> Network:
    """The market's network, nothing registered on it yet."""
    return make_devnet(market)


def make_devnet(market: Market) -> Network:
    """Its rows, with all protocols."""
    network = Network.objects.create(
        chain_id=L2_CHAIN_ID, slug="devnet-l2", name="Devnet L2", kind=Network.Kind.DEVNET
    )
    RpcEndpoint.objects.create(network=network, name="anvil", url=market.rpc.url)
    for deployed in market.manifest.l2.tokens:
        Token.objects.create(
            network=network,
            address=deployed.contract.address,
            symbol=deployed.symbol,
            decimals=deployed.decimals,
        )
    sync_protocols()
    return network


@pytest.fixture
def registered(devnet: Network, market: Market) -> Network:
    """The network with every contract and token registered."""
    return register_market(devnet, market)


def register_market(devnet: Network, market: Market) -> Network:
    """Every contract and token, as an operator would."""
    client = NetworkClient(devnet)
    deployed = market.manifest.l2
    contracts = {
        "weth": ("evm", deployed.weth.contract),
        "uniswap_v2_factory": ("evm", deployed.factory),
        "uniswap_v2_router": ("evm", deployed.router),
        "merkle_distributor": ("claims", market.manifest.airdrop.distributor),
    }
    for role, (slug, contract) in contracts.items():
        register_deployment(
            protocol=Protocol.objects.get(slug=slug),
            network=devnet,
            role=role,
            address=contract.address,
            abi=role,
            source=contract.source,
            client=client,
        )
    for token in Token.objects.filter(network=devnet):
        register_token(token=token, source="the devnet", client=client)
    return devnet


def _operator(account: LocalAccount, label: str, network: Network, market: Market) -> Operator:
    Wallet.objects.create(
        label=label,
        address=account.address,
        signer_kind=Wallet.SignerKind.KEYSTORE,
        signer_reference=f"{label}.json",
        status=Wallet.Status.VERIFIED,
    )
    return Operator(market.rpc, account, network, market.manifest.l2)


@pytest.fixture
def alice(registered: Network, market: Market) -> Operator:
    """A wallet with 10 ETH and 10,000 USDC."""
    return _operator(ALICE, "alice", registered, market)


@pytest.fixture
def bob(registered: Network, market: Market) -> Operator:
    """Another wallet of ours, with as much."""
    return _operator(BOB, "bob", registered, market)
