"""Two anvils with the bridge's contracts at their published addresses, and Era's node between."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from eth_abi.abi import encode
from eth_utils.address import to_checksum_address

from airdrops_site.devnet.anvil import Anvil, AnvilConfig
from airdrops_site.devnet.outbox import encode_call
from airdrops_site.devnet.ports import free_port
from airdrops_site.devnet.rpc import DevnetRpc
from protocols.models import Deployment
from protocols.services import sync_deployments, sync_protocols, verify_deployment
from tests.node import ROOT
from tests.protocols.zksync.era import send_as
from tests.solidity import compiled
from wallets.chain.client import NetworkClient
from wallets.models import Network, RpcEndpoint, Token

L1, L2 = 1, 324
_SOURCE = "tests/solidity/zksync/{}.sol"
_MAKER = "0x00000000000000000000000000000000000C0FFe"
PLACES = {
    ("L1", "Bridgehub"): "0x303a465B659cBB0ab36eE643eA362c509EEb5213",
    ("L1", "Mailbox"): "0x32400084C286CF3E17e7B677ea9583e60a000324",
    ("L1", "AssetRouter"): "0x8829AD80E425C646DAB305381ff105169FeEcE56",
    ("L1", "Nullifier"): "0xD7f9f54194C633F36CCD5F3da84ad4a1c38cB2cB",
    ("L1", "L1Vault"): "0xbeD1EB542f9a5aA6419Ff3deb921A372681111f6",
    ("L2", "L1Messenger"): "0x0000000000000000000000000000000000008008",
    ("L2", "BaseToken"): "0x000000000000000000000000000000000000800A",
    ("L2", "L2AssetRouter"): "0x0000000000000000000000000000000000010003",
    ("L2", "L2Vault"): "0x0000000000000000000000000000000000010004",
}
VAULT, BASE_TOKEN = PLACES["L1", "L1Vault"], PLACES["L2", "BaseToken"]


@dataclass(frozen=True, slots=True)
class Chains:
    """L1, the L2's chain, and its node, which is what our side asks."""

    l1: DevnetRpc
    l2: DevnetRpc
    node: DevnetRpc

    def on(self, chain_id: int) -> DevnetRpc:
        """The chain itself."""
        return self.l1 if chain_id == L1 else self.l2

    def balance(self, chain_id: int, address: str) -> int:
        """Ether of an address."""
        return int(self.on(chain_id).call("eth_getBalance", address, "latest"), 16)

    def fund(self, address: str, wei: int) -> None:
        """Give as much on both."""
        for rpc in (self.l1, self.l2):
            rpc.call("anvil_setBalance", address, hex(wei))


@contextmanager
def running_chains(folder: Path) -> Iterator[Chains]:
    """Three processes, ended with the block."""
    with ExitStack() as stack:
        urls = []
        for chain_id in (L1, L2):
            config = AnvilConfig(
                chain_id, free_port(), log_file=folder / f"{chain_id}.log", kept_states=1000
            )
            urls.append(stack.enter_context(Anvil.start(config)).url)
        port = free_port()
        stack.enter_context(_node(urls, port))
        chains = Chains(*(DevnetRpc(url) for url in (*urls, f"http://127.0.0.1:{port}")))
        for rpc in (chains.l1, chains.l2):
            rpc.call("evm_setAutomine", False)
        _place_contracts(chains)
        yield chains


@contextmanager
def _node(urls: list[str], port: int) -> Iterator[None]:
    command = [sys.executable, "-m", "tests.protocols.zksync.era", *urls, str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield
    finally:
        process.kill()
        process.wait()


def _place_contracts(chains: Chains) -> None:
    for (file, name), address in PLACES.items():
        rpc = chains.l1 if file == "L1" else chains.l2
        creation = compiled(_SOURCE.format(file), name).creation_code
        code = rpc.call("eth_call", {"data": f"0x{creation.hex()}"}, "latest")
        rpc.call("anvil_setCode", address, code)
    # What others have bridged before: the L2 mints and L1 pays out of it.
    chains.l1.call("anvil_setBalance", VAULT, hex(10**24))
    chains.l2.call("anvil_setBalance", BASE_TOKEN, hex(10**24))
    send_as(chains.l1, _MAKER, VAULT, encode_call("registerEthToken()"))


def make_coin(rpc: DevnetRpc, holder: str, amount: int) -> str:
    """A token that nobody has bridged yet, all of it with one holder."""
    code = compiled(_SOURCE.format("Coin"), "Coin").creation_code
    rpc.call("anvil_setBalance", _MAKER, hex(10**20))
    rpc.call("anvil_impersonateAccount", _MAKER)
    data = f"0x{(code + encode(['string', 'address'], ['COIN', '0x' + '00' * 20])).hex()}"
    gas = {"gas": hex(4_000_000), "gasPrice": hex(10**12)}
    tx_hash = rpc.call("eth_sendTransaction", {"from": _MAKER, "data": data, **gas})
    rpc.call("evm_mine")
    coin = to_checksum_address(rpc.call("eth_getTransactionReceipt", tx_hash)["contractAddress"])
    send_as(rpc, _MAKER, coin, encode_call("bridgeMint(address,uint256)", holder, amount))
    return coin


def make_networks(chains: Chains) -> dict[int, Network]:
    """Both as networks of ours, with every published contract of the bridge verified."""
    urls = {L1: chains.l1.url, L2: chains.node.url}
    networks = {chain_id: _network(chain_id, url) for chain_id, url in urls.items()}
    sync_protocols()
    sync_deployments()
    for row in Deployment.objects.filter(protocol__slug="zksync"):
        verify_deployment(deployment=row, client=NetworkClient(row.network))
    return networks


def _network(chain_id: int, url: str) -> Network:
    network = Network.objects.create(
        chain_id=chain_id,
        slug=f"chain-{chain_id}",
        name=f"Chain {chain_id}",
        kind="devnet",
        fee_model="eip1559" if chain_id == L1 else "legacy",
        confirm_depth=1,
        final_rule="depth",
        final_depth=2,
        block_seconds=1,
    )
    RpcEndpoint.objects.create(network=network, name="anvil", url=url)
    Token.objects.create(network=network, symbol="ETH", name="Ether", decimals=18)
    return network
