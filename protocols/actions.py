"""The adapter interface: what an action takes, plans and settles.

An adapter never signs, sends, sleeps or touches a nonce. It reads the chain through its context
and returns values; the floors above and below do the rest.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal, Protocol

from eth_typing import ChecksumAddress
from pydantic import BaseModel

from wallets.models import PolicyRule
from wallets.transactions.arguments import Check
from wallets.transactions.expectations import NOTHING_PROMISED, Expectations


class PlanError(Exception):
    """The action cannot be done as asked; one sentence for the operator, nothing was signed."""


@dataclass(frozen=True, slots=True)
class Call:
    """A transaction to make: `value` in wei, `data` as sent."""

    label: str
    to: ChecksumAddress
    data: bytes = b""
    value: int = 0
    valid_until: datetime | None = None
    # What the policy holds the calldata to at signing.
    expectations: Expectations = NOTHING_PROMISED


@dataclass(frozen=True, slots=True)
class Wait:
    """A condition that must become true before the next step (a bridge arrival, an unlock)."""

    label: str
    condition: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    deadline: datetime | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A signed request to a venue; `payload` is what is signed."""

    label: str
    venue: str
    payload: Mapping[str, Any]


PlannedStep = Call | Wait | Message


@dataclass(frozen=True, slots=True)
class Plan:
    """What an action wants done, in order; a step starts when the one before is confirmed.

    `relies_on` names what must not change under it from planning to the last step, such as an
    allowance it finds: two runs of a wallet that rely on the same follow one another. What it
    approves itself need not be named. An allowance that is given before other steps is for those
    steps: what they leave of it is taken back.
    """

    steps: tuple[PlannedStep, ...]
    summary: str = ""
    relies_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Log:
    """An event log of a receipt."""

    address: ChecksumAddress
    topics: tuple[bytes, ...]
    data: bytes
    index: int


@dataclass(frozen=True, slots=True)
class CallReceipt:
    """A successful, confirmed call: what was asked and what the chain logged."""

    call: Call
    tx_hash: str
    block_number: int
    logs: tuple[Log, ...]


@dataclass(frozen=True, slots=True)
class Movement:
    """Value that came to or left the wallet; `token` empty for the native coin."""

    token: ChecksumAddress | Literal[""]
    direction: Literal["in", "out"]
    amount: int
    counterparty: ChecksumAddress


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a call did to the wallet, read from its logs. The gas fee is booked apart."""

    movements: tuple[Movement, ...] = ()
    note: str = ""


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


# The role every registered token of ours has.
ERC20 = "erc20"


@dataclass(frozen=True, slots=True)
class Permission:
    """A contract function an action may call, and what its arguments must be at signing.

    It covers the deployments in that role and in the roles of its family.
    """

    role: str
    signature: str
    arguments: tuple[Check, ...] = ()
    payable: bool = False

    @classmethod
    def allowance(cls, role: str) -> "Permission":
        """The contract may be given allowances of tokens."""
        return cls(role, PolicyRule.ALLOWANCE)


def role_family(role: str) -> str:
    """What a role is one of: `merkle_distributor-uni` is a `merkle_distributor`."""
    return role.partition("-")[0]


class Action(ABC):
    """One thing a protocol can do."""

    slug: ClassVar[str]
    title: ClassVar[str]
    Params: ClassVar[type[BaseModel]]
    # Calls on registered deployments; what is not listed here is refused at signing.
    permissions: ClassVar[tuple[Permission, ...]] = ()

    @abstractmethod
    def plan(self, ctx: Context, params: Any) -> Plan:
        """The steps, from view calls and arithmetic only: same input and chain, same plan."""

    @abstractmethod
    def settle(self, ctx: Context, params: Any, receipt: CallReceipt) -> Settlement:
        """What one successful call moved, from its event logs."""


@dataclass(frozen=True, slots=True)
class Position:
    """Value of a wallet that is inside a protocol, in words: `2 ETH supplied, 1 ETH in flight`."""

    what: str


# What a wallet has inside the protocol on the context's network, from view calls.
PositionsReader = Callable[[Context], Sequence[Position]]


def no_positions(_ctx: Context) -> Sequence[Position]:
    """For a protocol that never holds anything of a wallet."""
    return ()


@dataclass(frozen=True, slots=True)
class Adapter:
    """A protocol as the registry knows it; `package` has its `abi/` and `deployments.toml`.

    Without `positions` nobody knows what a wallet has inside it: that is unknown, never nothing.
    """

    slug: str
    name: str
    actions: Mapping[str, Action]
    package: str
    positions: PositionsReader | None = None

    @classmethod
    def of(
        cls,
        slug: str,
        name: str,
        actions: Sequence[Action],
        *,
        package: str,
        positions: PositionsReader | None = None,
    ) -> "Adapter":
        """An adapter from its actions."""
        return cls(slug, name, {action.slug: action for action in actions}, package, positions)

    def permissions(self, role: str) -> tuple[Permission, ...]:
        """What its actions may call on a contract in this role."""
        wanted = role_family(role)
        every = (
            permission for action in self.actions.values() for permission in action.permissions
        )
        return tuple(dict.fromkeys(one for one in every if one.role == wanted))
