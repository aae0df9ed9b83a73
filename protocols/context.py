"""What an action may look at, from our tables and the chain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from eth_typing import ChecksumAddress

from protocols.actions import Context, FoundLog, Log, PlanError, nowhere
from protocols.models import Deployment
from protocols.web import ProtocolServer
from wallets.addresses import parse_address
from wallets.chain.client import NetworkClient
from wallets.chain.errors import RpcError
from wallets.chain.reverts import is_revert, revert_reason
from wallets.chain.transfer_fee import highest_transfer_fee
from wallets.chain.values import hex_int
from wallets.models import Network, Wallet
from wallets.recipients import recipient_addresses

_OWN_METHODS = ("zks_", "scroll_")


@dataclass(frozen=True, slots=True)
class NetworkReader:
    """A ChainReader over the network's endpoints; a revert becomes a PlanError."""

    client: NetworkClient

    def call(self, to: ChecksumAddress, data: bytes, *, sender: ChecksumAddress) -> bytes:
        """`eth_call` at the latest block."""
        try:
            return self.client.call(to, data, sender=sender)
        except RpcError as error:
            if not is_revert(error):
                raise
            raise PlanError(f"{to} refuses the question: {revert_reason(error)}") from error

    def balance(self, address: ChecksumAddress) -> int:
        """Native balance in wei."""
        return self.client.balance(address)

    def transfer_fee(self, sender: ChecksumAddress, to: ChecksumAddress, urgency: str) -> int:
        """As the pipeline will quote it."""
        return highest_transfer_fee(self.client, sender, to, urgency)

    def gas_price(self) -> int:
        """What a transaction would pay now per gas, in wei."""
        return hex_int(self.client.read("eth_gasPrice", []))

    def block_number(self, tag: str = "latest") -> int:
        """The number of the block at a tag."""
        return self.client.block(tag).number

    def confirmed_block(self) -> int:
        """By the network's confirm depth, in which a block itself is counted."""
        return self.block_number() + 1 - self.client.network.confirm_depth

    def base_fee(self, block: int | str = "latest") -> int:
        """The base fee per gas of a block, in wei."""
        return self.client.block(block).base_fee or 0

    def code(self, address: ChecksumAddress) -> bytes:
        """The code at an address; empty for none."""
        return self.client.code(address)

    def logs(
        self,
        address: ChecksumAddress,
        topics: Sequence[bytes | None],
        *,
        from_block: int,
        to_block: int | None = None,
    ) -> Sequence[FoundLog]:
        """`eth_getLogs` of one contract, oldest first."""
        question = {
            "address": address,
            "topics": [None if topic is None else f"0x{topic.hex()}" for topic in topics],
            "fromBlock": hex(from_block),
            "toBlock": "latest" if to_block is None else hex(to_block),
        }
        return tuple(map(_found_log, self.client.read("eth_getLogs", [question])))

    def receipt(self, tx_hash: str) -> Mapping[str, Any] | None:
        """As JSON-RPC gives it."""
        found: Mapping[str, Any] | None = self.client.read("eth_getTransactionReceipt", [tx_hash])
        return found

    def ask(self, method: str, *params: Any) -> Any:
        """What a network's own read method answers; nothing that could send or sign."""
        if not method.startswith(_OWN_METHODS):
            raise PlanError(f"{method} is no read method of a network's own; adapters ask no other")
        try:
            return self.client.read(method, list(params))
        except RpcError as error:
            raise PlanError(f"{self.client.network.name} refuses {method}: {error}") from error


def read_log(found: Mapping[str, Any]) -> Log:
    """A log as JSON-RPC writes it."""
    return Log(
        address=parse_address(found["address"]),
        topics=tuple(bytes.fromhex(topic.removeprefix("0x")) for topic in found["topics"]),
        data=bytes.fromhex(found["data"].removeprefix("0x")),
        index=hex_int(found["logIndex"]),
    )


def _found_log(found: Mapping[str, Any]) -> FoundLog:
    return FoundLog(read_log(found), hex_int(found["blockNumber"]), str(found["transactionHash"]))


def build_context(
    *, network: Network, wallet: Wallet, protocol: str, client: NetworkClient, now: datetime
) -> Context:
    """The context of one protocol, wallet and network."""
    enabled = Deployment.objects.filter(protocol__slug=protocol, network=network, enabled=True)

    def elsewhere(chain_id: int) -> Context:
        other = Network.objects.filter(chain_id=chain_id, enabled=True).first()
        if other is None:
            return nowhere(chain_id)
        return build_context(
            network=other, wallet=wallet, protocol=protocol, client=NetworkClient(other), now=now
        )

    return Context(
        chain_id=network.chain_id,
        wallet=parse_address(wallet.address),
        chain=NetworkReader(client),
        now=now,
        deployments={
            role: parse_address(address) for role, address in enabled.values_list("role", "address")
        },
        recipients=frozenset(map(parse_address, recipient_addresses(network))),
        elsewhere=elsewhere,
        web=ProtocolServer(),
    )
