"""What an action may look at, from our tables and the chain."""

from dataclasses import dataclass
from datetime import datetime

from eth_typing import ChecksumAddress

from protocols.actions import Context, PlanError
from protocols.models import Deployment
from wallets.addresses import parse_address
from wallets.chain.client import NetworkClient
from wallets.chain.errors import RpcError
from wallets.chain.reverts import is_revert, revert_reason
from wallets.chain.transfer_fee import highest_transfer_fee
from wallets.models import Network, Wallet
from wallets.recipients import recipient_addresses


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


def build_context(
    *, network: Network, wallet: Wallet, protocol: str, client: NetworkClient, now: datetime
) -> Context:
    """The context of one protocol, wallet and network."""
    enabled = Deployment.objects.filter(protocol__slug=protocol, network=network, enabled=True)
    return Context(
        chain_id=network.chain_id,
        wallet=parse_address(wallet.address),
        chain=NetworkReader(client),
        now=now,
        deployments={
            role: parse_address(address) for role, address in enabled.values_list("role", "address")
        },
        recipients=frozenset(map(parse_address, recipient_addresses(network))),
    )
