"""What a reading of a network is about: whose addresses, and what is known of others' there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from eth_typing import ChecksumAddress

from analytics.models import ChainTransaction, ChainTransfer
from protocols.models import Deployment
from wallets.addresses import parse_address
from wallets.models import Network, Wallet

WRAPPED = "weth"


class HistoryError(Exception):
    """What history cannot be read or taken, in one sentence; nothing was written."""


@dataclass(slots=True)
class Found:
    """Rows that are not stored yet, and what could not be found out."""

    transactions: list[ChainTransaction] = field(default_factory=list)
    transfers: list[ChainTransfer] = field(default_factory=list)
    problem: str = ""

    def add(self, other: "Found") -> None:
        """Take in what another reading found."""
        self.transactions += other.transactions
        self.transfers += other.transfers
        self.problem = self.problem or other.problem


@dataclass(frozen=True, slots=True)
class Scope:
    """Wallets by their address on a network, its registered contracts, its wrapped coins."""

    network: Network
    owners: Mapping[str, int]
    protocols: Mapping[str, str]
    wrapped: frozenset[str]

    @property
    def addresses(self) -> list[ChecksumAddress]:
        """Of the wallets, in the order of their rows."""
        return [parse_address(address) for address in self.owners]


def scope_of(network: Network, wallets: Iterable[Wallet]) -> Scope:
    """With every registered contract of the network, those that are disabled now too."""
    rows = Deployment.objects.filter(network=network).order_by("enabled", "pk")
    known = list(rows.values_list("address", "protocol__slug", "role"))
    return Scope(
        network,
        {wallet.address: wallet.pk for wallet in wallets},
        {address: slug for address, slug, _ in known},
        frozenset(address for address, _, role in known if _family(role) == WRAPPED),
    )


def _family(role: str) -> str:
    return role.partition("-")[0]
