"""Chains for tests: asked by plain JSON-RPC, not through the code under test."""

from dataclasses import dataclass

from airdrops_site.devnet.rpc import DevnetRpc
from protocols.models import Protocol
from wallets.models import Network, RpcEndpoint, Token, Wallet
from wallets.services import create_keystore_wallet, verify_wallet
from wallets.transactions import market

ETHER = 10**18


@dataclass(frozen=True, slots=True)
class Chain:
    """An anvil that mines when told."""

    url: str
    rpc: DevnetRpc

    def mine(self, blocks: int = 1) -> None:
        """Mine blocks; pending transactions go into the first."""
        # Blocks that come within a moment are not what the pipeline counts on.
        market.forget()
        for _ in range(blocks):
            self.rpc.call("evm_mine")

    def fund(self, address: str, wei: int) -> None:
        """Set a balance."""
        self.rpc.call("anvil_setBalance", address, hex(wei))

    def balance(self, address: str) -> int:
        """Native balance."""
        return int(self.rpc.call("eth_getBalance", address, "latest"), 16)

    def head(self) -> int:
        """The newest block's number."""
        return int(self.rpc.call("eth_blockNumber"), 16)

    def nonce(self, address: str) -> int:
        """How many transactions of the address are in blocks."""
        return int(self.rpc.call("eth_getTransactionCount", address, "latest"), 16)


def make_network(chain: Chain, **fields: object) -> Network:
    """The chain as a network with one endpoint and its native coin, where `evm` may act."""
    network = Network.objects.create(
        **{
            "chain_id": 31337,
            "slug": "devnet-l1",
            "name": "Devnet L1",
            "kind": "devnet",
            "confirm_depth": 2,
            "final_rule": "depth",
            "final_depth": 4,
            "block_seconds": 1,
            **fields,
        }
    )
    RpcEndpoint.objects.create(network=network, name="anvil", url=chain.url)
    Token.objects.create(network=network, symbol="ETH", name="Ether", decimals=18)
    protocol, _ = Protocol.objects.get_or_create(slug="evm", defaults={"name": "EVM"})
    protocol.networks.add(network)
    return network


def make_wallet(label: str, chain: Chain, *, ether: int = 10) -> Wallet:
    """A verified keystore wallet; a light scrypt keeps the tests quick."""
    wallet = create_keystore_wallet(label=label, scrypt_n=2)
    chain.fund(wallet.address, ether * ETHER)
    return verify_wallet(wallet=wallet)
