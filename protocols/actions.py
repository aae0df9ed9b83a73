"""The adapter interface: what an action takes, plans, waits for and settles.

An adapter never signs, sends, sleeps or touches a nonce. It reads the chain through its context
and returns values; the floors above and below do the rest.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from eth_typing import ChecksumAddress
from pydantic import BaseModel

from protocols.plans import (
    Call,
    CallReceipt,
    Done,
    FoundLog,
    Log,
    Message,
    Movement,
    Plan,
    PlanError,
    PlannedStep,
    Progress,
    Settlement,
    Wait,
)
from protocols.reading import ChainReader, Context, WebReader, nowhere, role_family
from wallets.models import PolicyRule
from wallets.transactions.demands import Check

# What an adapter needs is here in one place.
__all__ = [
    "ERC20",
    "Action",
    "Adapter",
    "Call",
    "CallReceipt",
    "ChainReader",
    "Context",
    "Done",
    "Exit",
    "FoundLog",
    "HealthFactorReader",
    "HealthReader",
    "Log",
    "Message",
    "Movement",
    "Permission",
    "Plan",
    "PlanError",
    "PlannedStep",
    "Position",
    "PositionsReader",
    "Progress",
    "Settlement",
    "Wait",
    "WebReader",
    "never_paused",
    "no_positions",
    "nowhere",
    "role_family",
]

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

    @classmethod
    def named(cls, role: str) -> "Permission":
        """Arguments of other calls may name the contract: a pool, a market."""
        return cls(role, PolicyRule.NAMED)


class Action(ABC):
    """One thing a protocol can do."""

    slug: ClassVar[str]
    title: ClassVar[str]
    Params: ClassVar[type[BaseModel]]
    # Calls on registered deployments; what is not listed here is refused at signing.
    permissions: ClassVar[tuple[Permission, ...]] = ()
    # Whether a second person approves what each run of it is about to do.
    needs_approval: ClassVar[bool] = False
    # It only takes back, pays back or brings home: never kept from that by figures about risk.
    reduces: ClassVar[bool] = False
    # What it gives away stays inside the protocol; until an action says otherwise it does.
    stays_inside: ClassVar[bool] = True
    # The parameters that name tokens of which the wallet has more afterwards; None is unknown.
    brings: ClassVar[tuple[str, ...] | None] = None

    @abstractmethod
    def plan(self, ctx: Context, params: Any) -> Plan:
        """The steps, from view calls and arithmetic only: same input and chain, same plan."""

    @abstractmethod
    def settle(self, ctx: Context, params: Any, receipt: CallReceipt) -> Settlement:
        """What one successful call moved, from its event logs.

        `ctx` is that of the network the call was made on.
        """

    def look(
        self, ctx: Context, params: Any, wait: Wait, progress: Progress
    ) -> Mapping[str, Any] | None:
        """What a wait of its plans was for, as JSON, once it is there; None while it is not.

        Asked again and again, perhaps twice at once. PlanError where it can never come true.
        """
        raise PlanError(f"{self.slug} cannot look for {wait.condition}")

    def go_on(self, ctx: Context, params: Any, progress: Progress) -> Plan:
        """The steps that follow those that are done, where they could not be known before.

        Without any the run has succeeded. Like `plan`: same input and chain, same steps.
        """
        return Plan(())


PositionKind = Literal["supplied", "borrowed", "liquidity", "vault", "staked", "bridging", "other"]


@dataclass(frozen=True, slots=True)
class Exit:
    """The protocol's own action that takes a position out, and with which parameters."""

    action: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Position:
    """Value of a wallet that is inside a protocol, or that it owes there.

    `what` says it in words; `amount` of `token` (empty: the native coin) in base units where
    that is known. Without `exit` a person has to see to it by hand. `parts` is what a share stands
    for now, token and amount, where it has no price of its own.
    """

    what: str
    kind: PositionKind = "other"
    token: ChecksumAddress | Literal[""] | None = None
    amount: int | None = None
    exit: Exit | None = None
    parts: tuple[tuple[ChecksumAddress | Literal[""], int], ...] = ()


# What a wallet has inside the protocol on the context's network, from view calls.
PositionsReader = Callable[[Context], Sequence[Position]]


def no_positions(_ctx: Context) -> Sequence[Position]:
    """For a protocol that never holds anything of a wallet."""
    return ()


# How safe the wallet's debts are there, in ten-thousandths: at 10,000 they may be liquidated. None
# where it owes nothing.
HealthFactorReader = Callable[[Context], int | None]

# What keeps the protocol on the context's network from working, a sentence for each, from view
# calls: that it is paused, or a market frozen.
HealthReader = Callable[[Context], Sequence[str]]


def never_paused(_ctx: Context) -> Sequence[str]:
    """For a protocol whose contracts have no switch by which anybody could pause them."""
    return ()


@dataclass(frozen=True, slots=True)
class Adapter:
    """A protocol as the registry knows it; `package` has its `abi/` and `deployments.toml`.

    Without `positions` nobody knows what a wallet has inside it: that is unknown, never nothing.
    So it is with `health`, and whether the protocol is paused. One that lends has `health_factor`.
    """

    slug: str
    name: str
    actions: Mapping[str, Action]
    package: str
    positions: PositionsReader | None = None
    health: HealthReader | None = None
    health_factor: HealthFactorReader | None = None

    @classmethod
    def of(
        cls,
        slug: str,
        name: str,
        actions: Sequence[Action],
        *,
        package: str,
        positions: PositionsReader | None = None,
        health: HealthReader | None = None,
        health_factor: HealthFactorReader | None = None,
    ) -> "Adapter":
        """An adapter from its actions."""
        by_slug = {action.slug: action for action in actions}
        return cls(slug, name, by_slug, package, positions, health, health_factor)

    def permissions(self, role: str) -> tuple[Permission, ...]:
        """What its actions may call on a contract in this role."""
        wanted = role_family(role)
        every = (
            permission for action in self.actions.values() for permission in action.permissions
        )
        return tuple(dict.fromkeys(one for one in every if one.role == wanted))
