"""A devnet of the tests' own: two anvils, set up once, each test on a state of its own."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import decode

from airdrops_site.devnet.anvil import Anvil, AnvilConfig
from airdrops_site.devnet.deploy import L1_CHAIN_ID, L2_CHAIN_ID, deploy_devnet
from airdrops_site.devnet.manifest import DeployedNetwork, Manifest
from airdrops_site.devnet.outbox import encode_call
from airdrops_site.devnet.ports import free_port
from airdrops_site.devnet.rpc import DevnetRpc

WALLETS = (
    "0x9c1185A5C5E9Fc54612808977ee8F548B2258D31",
    "0xE5904695748fe4A84b40b3fc79De2277660BD1D3",
    "0xdD2FD4581271e230360230F9337D5c0430Bf44C0",
)


@dataclass(frozen=True, slots=True)
class Side:
    """One network of the devnet, spoken to by plain JSON-RPC."""

    rpc: DevnetRpc
    network: DeployedNetwork

    def view(self, contract: str, signature: str, returns: str, *arguments: Any) -> Any:
        """Call a view function and return its only result."""
        call = {"to": contract, "data": encode_call(signature, *arguments)}
        answer = self.rpc.call("eth_call", call, "latest")
        return decode([returns], bytes.fromhex(answer[2:]))[0]

    def balance_of(self, symbol: str, owner: str) -> int:
        token = self.network.token(symbol).contract.address
        balance: int = self.view(token, "balanceOf(address)", "uint256", owner)
        return balance

    def send(
        self, sender: str, contract: str, signature: str, *arguments: Any, value: int = 0
    ) -> dict[str, Any]:
        """Send a transaction as any sender and return its receipt."""
        self.rpc.call("anvil_impersonateAccount", sender)
        call = {"from": sender, "to": contract, "data": encode_call(signature, *arguments)}
        call |= {"value": hex(value), "gas": hex(500_000)}
        tx_hash = self.rpc.call("eth_sendTransaction", call)
        receipt: dict[str, Any] | None = None
        while receipt is None:  # the interval miner may have taken it into a block of its own
            self.rpc.call("evm_mine")
            receipt = self.rpc.call("eth_getTransactionReceipt", tx_hash)
        return receipt


@dataclass(frozen=True, slots=True)
class Devnet:
    """Both sides and what was deployed."""

    l1: Side
    l2: Side
    manifest: Manifest

    @property
    def urls(self) -> tuple[str, str]:
        return self.l1.rpc.url, self.l2.rpc.url


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    """The devnet with interval mining, as the quickstart starts it."""
    folder = tmp_path_factory.mktemp("devnet")
    with ExitStack() as stack:
        rpcs = []
        for chain_id, seconds in ((L1_CHAIN_ID, 2), (L2_CHAIN_ID, 1)):
            log = folder / f"{chain_id}.log"
            config = AnvilConfig(chain_id, free_port(), log_file=log, block_time=seconds)
            anvil = stack.enter_context(Anvil.start(config))
            rpcs.append(stack.enter_context(DevnetRpc(anvil.url)))
        manifest = deploy_devnet(rpcs[0].url, rpcs[1].url, wallets=WALLETS)
        yield Devnet(Side(rpcs[0], manifest.l1), Side(rpcs[1], manifest.l2), manifest)


@pytest.fixture
def devnet(deployed: Devnet) -> Iterator[Devnet]:
    """The devnet as it was deployed, whatever the tests before did."""
    sides = (deployed.l1, deployed.l2)
    snapshots = [side.rpc.call("evm_snapshot") for side in sides]
    yield deployed
    for side, snapshot in zip(sides, snapshots, strict=True):
        side.rpc.call("evm_revert", snapshot)


@pytest.fixture
def config(tmp_path: Path) -> AnvilConfig:
    """An anvil that saves its state in the test's own folder."""
    return AnvilConfig(
        chain_id=L1_CHAIN_ID,
        port=free_port(),
        log_file=tmp_path / "logs" / "anvil.log",
        state_file=tmp_path / "state" / "l1.json",
        state_interval=1,
    )
