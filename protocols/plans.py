"""What an action answers with: the steps of a plan, and what became of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from eth_typing import ChecksumAddress

from wallets.transactions.expectations import NOTHING_PROMISED, Expectations


class PlanError(Exception):
    """The action cannot be done as asked; one sentence for the operator, nothing was signed."""


@dataclass(frozen=True, slots=True)
class Call:
    """A transaction to make: `value` in wei, `data` as sent.

    `chain_id` is the network it is made on, where that is not the task's own: the other end of a
    bridge. No allowance is given there.
    """

    label: str
    to: ChecksumAddress
    data: bytes = b""
    value: int = 0
    valid_until: datetime | None = None
    # What the policy holds the calldata to at signing.
    expectations: Expectations = NOTHING_PROMISED
    chain_id: int | None = None
    # Wei per gas above which it would fail, as where a bridge takes a share of the gas price.
    max_fee_per_gas: int | None = None


# A bridge that has not delivered for so long wants a person.
A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Wait:
    """A condition that must become true before the next step (a bridge arrival, an unlock).

    The action's own `look` is asked for it, first after `first_look` seconds, then less and less
    often. Not true after `at_most` seconds, the run needs an operator. `arguments` are JSON.
    """

    label: str
    condition: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    first_look: int = 15
    at_most: int = 7 * A_DAY


@dataclass(frozen=True, slots=True)
class Message:
    """A signed request to a venue or contract: an order, a permit.

    `kind` is the request's action, as the protocol registered it; `payload` is what is signed, as
    JSON with amounts as text. It counts on `chain_id`, or on a venue's own books.
    """

    label: str
    kind: str
    payload: Mapping[str, Any]
    chain_id: int | None = None
    valid_until: datetime | None = None


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
class FoundLog:
    """An event log found on chain, and where."""

    log: Log
    block_number: int
    tx_hash: str


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


@dataclass(frozen=True, slots=True)
class Done:
    """A step of the run that is over: a call with its receipt, a wait with what it found."""

    step: PlannedStep
    receipt: CallReceipt | None = None
    found: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Progress:
    """What a run has done so far, in order."""

    steps: tuple[Done, ...] = ()

    def found(self, condition: str) -> Mapping[str, Any] | None:
        """What the last wait for the condition found; None while there is none that is over."""
        for done in reversed(self.steps):
            if isinstance(done.step, Wait) and done.step.condition == condition:
                return done.found
        return None

    def receipts(self) -> Iterator[CallReceipt]:
        """The receipts of its calls, in order."""
        return (done.receipt for done in self.steps if done.receipt is not None)
