"""What an action may look at: the wallet, the chain, the registered contracts, the time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from eth_typing import ChecksumAddress

from protocols.plans import FoundLog, PlanError
from wallets.chain.errors import ChainError


class ChainReader(Protocol):
    """Read-only access to one network."""

    def call(self, to: ChecksumAddress, data: bytes, *, sender: ChecksumAddress) -> bytes:
        """`eth_call` at the latest block; raises PlanError when it reverts."""
        ...

    def balance(self, address: ChecksumAddress) -> int:
        """Native balance in wei."""
        ...

    def transfer_fee(self, sender: ChecksumAddress, to: ChecksumAddress, urgency: str) -> int:
        """The most a plain transfer may cost when it is signed, in wei."""
        ...

    def gas_price(self) -> int:
        """What a transaction would pay now per gas, in wei."""
        ...

    def block_number(self, tag: str = "latest") -> int:
        """The number of the block at a tag (`latest`, `finalized`)."""
        ...

    def confirmed_block(self) -> int:
        """The newest block that is as deep as one of ours must be before it counts."""
        ...

    def base_fee(self, block: int | str = "latest") -> int:
        """The base fee per gas of a block, in wei; 0 on a chain that has none."""
        ...

    def code(self, address: ChecksumAddress) -> bytes:
        """The code at an address; empty for none."""
        ...

    def logs(
        self,
        address: ChecksumAddress,
        topics: Sequence[bytes | None],
        *,
        from_block: int,
        to_block: int | None = None,
    ) -> Sequence["FoundLog"]:
        """Event logs of a contract, oldest first; `to_block` None is the latest block."""
        ...

    def receipt(self, tx_hash: str) -> Mapping[str, Any] | None:
        """A transaction's receipt as JSON-RPC gives it; None while there is none."""
        ...

    def ask(self, method: str, *params: Any) -> Any:
        """What a network's own read method answers (`zks_…`); PlanError for any other method."""
        ...


class WebReader(Protocol):
    """Questions to a protocol's own HTTP server, whose answers prove nothing by themselves."""

    def get_json(self, url: str) -> Any:
        """The JSON at a URL; ChainError while the server gives none."""
        ...


def nowhere(chain_id: int) -> "Context":
    """There is no other network to look at."""
    raise PlanError(f"chain {chain_id} is not known here; add and enable its network")


class NoWeb:
    """No HTTP server is asked."""

    def get_json(self, url: str) -> Any:
        """Never answers."""
        raise ChainError(f"{url} is not asked from here")


@dataclass(frozen=True, slots=True)
class Context:
    """Everything an action may look at."""

    chain_id: int
    wallet: ChecksumAddress
    chain: ChainReader
    now: datetime
    # role -> address of the enabled deployments of this protocol on this network
    deployments: Mapping[str, ChecksumAddress]
    # our own addresses and those that were listed or confirmed: the only recipients of transfers
    recipients: frozenset[ChecksumAddress] = frozenset()
    # The same wallet and protocol on another network, by its chain id.
    elsewhere: Callable[[int], "Context"] = nowhere
    web: WebReader = field(default_factory=NoWeb)

    def on(self, chain_id: int) -> "Context":
        """What may be looked at on another network; PlanError where it is not enabled."""
        return self if chain_id == self.chain_id else self.elsewhere(chain_id)

    def later(self, seconds: int) -> datetime:
        """So many seconds from now."""
        return self.now + timedelta(seconds=seconds)

    def deployments_in(self, family: str) -> Mapping[str, ChecksumAddress]:
        """The contracts in a role and in the roles named after it, `family-name`."""
        return {
            role: address
            for role, address in self.deployments.items()
            if role_family(role) == family
        }

    def deployment(self, role: str) -> ChecksumAddress:
        """The contract in this role, or PlanError when none is enabled here."""
        try:
            return self.deployments[role]
        except KeyError:
            raise PlanError(
                f"no enabled deployment of {role} on chain {self.chain_id}; "
                "register and verify it first"
            ) from None


def role_family(role: str) -> str:
    """What a role is one of: `merkle_distributor-uni` is a `merkle_distributor`."""
    return role.partition("-")[0]
