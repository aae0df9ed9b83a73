"""Two chains with Scroll's contracts, a relayer, and one who crosses without our pipeline."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from django.conf import settings
from eth_account import Account
from eth_utils.crypto import keccak

from airdrops_site.devnet.anvil import Anvil, AnvilConfig
from airdrops_site.devnet.lifeline import die_with_parent
from airdrops_site.devnet.manifest import DeployedNetwork
from airdrops_site.devnet.outbox import Outbox
from airdrops_site.devnet.ports import free_port
from airdrops_site.devnet.rpc import DevnetRpc
from protocols.actions import Action, Call, Done, Plan, Progress, Settlement, Wait
from protocols.models import Deployment, Protocol
from protocols.params import read_params
from protocols.registry import get_action
from protocols.scroll.sides import L1_ROUTER_ABI
from protocols.services import register_token, sync_deployments, sync_protocols, verify_deployment
from tests.node import ROOT
from tests.protocols.operators import ETHER, Operator
from tests.protocols.scroll.contracts import L1, L2, deploy_bridge, official
from wallets.chain.client import NetworkClient
from wallets.models import Network, RpcEndpoint, Token, Wallet

TRAVELLER = Account.from_key(keccak(text="traveller"))


@dataclass(frozen=True, slots=True)
class Bridge:
    """The chains, which mine when told, a token of L1, and where the relayer listens."""

    l1: DevnetRpc
    l2: DevnetRpc
    token: str
    relayer: str

    def tell(self, path: str) -> Any:
        """Have the relayer do something."""
        return httpx.get(f"{self.relayer}/{path}", trust_env=False, timeout=30).json()


@pytest.fixture(scope="session")
def deployed_bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    """Both chains with everything deployed."""
    folder: Path = tmp_path_factory.mktemp("bridge")
    with ExitStack() as stack:
        chains = []
        for chain_id in (L1, L2):
            config = AnvilConfig(chain_id, free_port(), log_file=folder / f"{chain_id}.log")
            url = stack.enter_context(Anvil.start(config)).url
            chains.append(stack.enter_context(DevnetRpc(url)))
        token = deploy_bridge(*chains)
        for chain in chains:
            chain.call("evm_setAutomine", False)
        process = stack.enter_context(_relayer(chains))
        assert process.stdout is not None
        yield Bridge(
            chains[0], chains[1], token, f"http://127.0.0.1:{int(process.stdout.readline())}"
        )
        process.kill()


def _relayer(chains: list[DevnetRpc]) -> subprocess.Popen[str]:
    module = "tests.protocols.scroll.relayer"
    urls = [chain.url for chain in chains]
    return subprocess.Popen(
        [sys.executable, "-m", module, *urls, official(L1, "scroll_chain")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=die_with_parent(),
    )


@pytest.fixture
def bridge(deployed_bridge: Bridge) -> Iterator[Bridge]:
    """The chains as they were deployed, and a relayer that has done nothing yet."""
    both = (deployed_bridge.l1, deployed_bridge.l2)
    snapshots = [chain.call("evm_snapshot") for chain in both]
    deployed_bridge.tell("forget")
    settings.SCROLL_BRIDGE_API = deployed_bridge.relayer
    yield deployed_bridge
    settings.SCROLL_BRIDGE_API = ""
    for chain, snapshot in zip(both, snapshots, strict=True):
        chain.call("evm_revert", snapshot)


def add_network(chain_id: int, rpc: DevnetRpc, **fields: Any) -> Network:
    """A chain as a network of ours, with its coin."""
    network = Network.objects.create(
        chain_id=chain_id,
        slug=f"chain-{chain_id}",
        name=f"Chain {chain_id}",
        kind=Network.Kind.DEVNET,
        confirm_depth=1,
        **fields,
    )
    RpcEndpoint.objects.create(network=network, name="anvil", url=rpc.url)
    Token.objects.create(network=network, symbol="ETH", name="Ether", decimals=18)
    return network


def add_token(network: Network, address: str) -> None:
    """Register a token of 18 decimals."""
    token = Token.objects.create(network=network, address=address, symbol="TOKEN", decimals=18)
    register_token(token=token, source="the tests", client=NetworkClient(network))


@pytest.fixture
def ends(db: None, bridge: Bridge) -> tuple[Network, Network]:
    """Both networks with every contract registered that the chains have."""
    l2 = add_network(L2, bridge.l2, l1_fee_model=Network.L1FeeModel.SCROLL)
    both = add_network(L1, bridge.l1), l2
    sync_protocols()
    sync_deployments()
    for row in Deployment.objects.filter(protocol__slug="scroll"):
        client = NetworkClient(row.network)
        if client.code(cast("Any", row.address)):
            verify_deployment(deployment=row, client=client)
    Protocol.objects.get(slug="evm").networks.set(both)
    add_token(both[0], bridge.token)
    return both


@dataclass(slots=True)
class Trip:
    """A run as its adapter sees it: calls that are sent, waits, and what was found."""

    traveller: "Traveller"
    start: Operator
    action: Action
    params: Any
    steps: list[Done] = field(default_factory=list)
    waiting: Wait | None = None
    settlements: list[tuple[int, Settlement]] = field(default_factory=list)

    @property
    def progress(self) -> Progress:
        """As the adapter is told it."""
        return Progress(tuple(self.steps))

    def follow(self, plan: Plan) -> Plan:
        """Send the calls and settle them, up to a wait."""
        for step in plan.steps:
            if isinstance(step, Wait):
                self.waiting = step
            elif isinstance(step, Call):
                side = self.traveller.side(step.chain_id or self.start.network.chain_id)
                receipt = side.send(step)
                done = self.action.settle(side.context("scroll"), self.params, receipt)
                self.settlements.append((side.network.chain_id, done))
                self.steps.append(Done(step, receipt))
        return plan

    def look(self) -> Any:
        """Look for what is waited for; what is found ends the wait."""
        assert self.waiting is not None
        context = self.start.context("scroll")
        found = self.action.look(context, self.params, self.waiting, self.progress)
        if found is not None:
            self.steps.append(Done(self.waiting, found=found))
        return found

    def go_on(self) -> Plan:
        """Do what follows."""
        context = self.start.context("scroll")
        return self.follow(self.action.go_on(context, self.params, self.progress))


@dataclass(frozen=True, slots=True)
class Traveller:
    """The same key on both chains."""

    bridge: Bridge
    l1: Operator
    l2: Operator

    def side(self, chain_id: int) -> Operator:
        """Its operator on a chain."""
        return self.l1 if chain_id == L1 else self.l2

    def begin(self, action: str, **params: Any) -> Trip:
        """Plan and do the first part of a deposit or withdrawal."""
        chosen = get_action("scroll", action)
        typed = read_params(chosen.Params, params)
        start = self.l1 if action in ("deposit", "replay") else self.l2
        trip = Trip(self, start, chosen, typed)
        trip.follow(chosen.plan(start.context("scroll"), typed))
        return trip

    def balance(self, chain_id: int, token: str = "") -> int:
        """What it has on a chain, before the gas it paid."""
        side = self.side(chain_id)
        if token:
            return side.view(token, "balanceOf(address)", side.address)
        return int(side.rpc.call("eth_getBalance", side.address, "latest"), 16) + side.fees_paid


@pytest.fixture
def traveller(ends: tuple[Network, Network], bridge: Bridge) -> Traveller:
    """A wallet with 100 ETH on each side and 1,000 tokens on L1."""
    address = str(TRAVELLER.address)
    Wallet.objects.create(
        label="traveller",
        address=address,
        signer_kind=Wallet.SignerKind.KEYSTORE,
        signer_reference="traveller.json",
        status=Wallet.Status.VERIFIED,
    )
    fund(bridge, address)
    none = cast("DeployedNetwork", None)
    operators = (
        Operator(rpc, TRAVELLER, network, none)
        for rpc, network in zip((bridge.l1, bridge.l2), ends, strict=True)
    )
    return Traveller(bridge, *operators)


def fund(bridge: Bridge, address: str) -> None:
    """Give an address coin on both sides and tokens on L1."""
    for rpc in (bridge.l1, bridge.l2):
        rpc.call("anvil_setBalance", address, hex(100 * ETHER))
    outbox = Outbox.of(bridge.l1, bridge.l1.call("eth_accounts")[0])
    outbox.call(bridge.token, "transfer(address,uint256)", address, 1_000 * ETHER)
    outbox.send()


def twin_of(traveller: Traveller, token: str) -> str:
    """The token on Scroll, as L1's router says."""
    context = traveller.l1.context("scroll")
    read = L1_ROUTER_ABI.function("getL2ERC20Address")
    router = context.deployment("l1_gateway_router")
    answer = context.chain.call(router, read.encode(token), sender=context.wallet)
    return str(read.decode_result(answer)[0])


@pytest.fixture
def twin(traveller: Traveller, bridge: Bridge) -> str:
    """The token on Scroll, where the wallet has 5 of it, registered."""
    traveller.begin("deposit", token=bridge.token, amount=5 * ETHER)
    bridge.tell("relay")
    address = twin_of(traveller, bridge.token)
    add_token(traveller.l2.network, address)
    return address
