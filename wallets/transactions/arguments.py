"""What the arguments of a call must be, as data on a policy rule. Deny by default.

Floor 2 declares these with an action's permissions; floor 1 reads them at every signature. Every
argument has a check, `unchecked` with a reason among them, or the call is refused.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from eth_typing import ChecksumAddress
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from wallets.models import PolicyRule, Token, Transaction
from wallets.recipients import may_receive, own_recipients
from wallets.transactions.calldata import Leaf, Path, leaves, pick, show_path
from wallets.transactions.expectations import Expectations

# The called contract itself: the token of its own transfer and approve.
CALLEE: Literal["callee"] = "callee"


@dataclass(frozen=True, slots=True)
class Spend:
    """An amount the call gives away (`leaves`), or lets another contract take."""

    token: str
    amount: int
    leaves: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What a check may look at; all from the database, never the network."""

    row: Transaction
    callee: ChecksumAddress
    values: tuple[Any, ...]
    expectations: Expectations
    now: datetime
    # Judges calldata for the same contract; raises where it is not allowed.
    judge_inner: Callable[[bytes], None]

    @property
    def rules_here(self) -> Any:
        """The enabled rules of the protocol on the network."""
        return PolicyRule.objects.filter(
            network=self.row.network_id, protocol=self.row.protocol, enabled=True
        )


class Check(BaseModel):
    """One demand on what stands at a path; `complaint` is empty when it is met."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # What the argument's type begins with.
    fits: ClassVar[str] = ""
    check: str
    path: Path = Field(min_length=1)

    @abstractmethod
    def complaint(self, value: Any, facts: Facts) -> str:
        """What is wrong with the value, as the end of a sentence."""

    def spends(self, value: Any, facts: Facts) -> Iterator[Spend]:
        """What the value gives away."""
        yield from ()


class OwnWallet(Check):
    """The address is a wallet of ours that value may go to."""

    fits: ClassVar[str] = "address"
    check: Literal["own_wallet"] = "own_wallet"

    def complaint(self, value: Any, facts: Facts) -> str:
        """Not in the list."""
        if own_recipients().filter(address=value).exists():
            return ""
        return f"{value} is no verified wallet of this installation and no listed safe address"


class Recipient(Check):
    """The address is a wallet of ours, a listed safe address, or confirmed in the address book."""

    fits: ClassVar[str] = "address"
    check: Literal["recipient"] = "recipient"

    def complaint(self, value: Any, facts: Facts) -> str:
        """In none of them."""
        network = facts.row.network
        if may_receive(value, network):
            return ""
        return (
            f"{value} is no verified wallet of this installation and no listed safe address, nor "
            f"confirmed in the address book for {network.name}"
        )


class Sender(Check):
    """The address is the wallet that signs."""

    fits: ClassVar[str] = "address"
    check: Literal["sender"] = "sender"

    def complaint(self, value: Any, facts: Facts) -> str:
        """Another address."""
        own = facts.row.lane.wallet.address
        return "" if value == own else f"{value} is not the sending wallet {own}"


class Spender(Check):
    """The address is a registered, enabled contract that takes tokens; anyone's may be revoked."""

    fits: ClassVar[str] = "address"
    check: Literal["spender"] = "spender"
    amount: Path

    def complaint(self, value: Any, facts: Facts) -> str:
        """Not registered."""
        if pick(facts.values, self.amount) == [0]:
            return ""
        found = facts.rules_here.filter(address=value, selector=PolicyRule.ALLOWANCE)
        if found.exists():
            return ""
        return (
            f"{value} is no enabled deployment of {facts.row.protocol} on "
            f"{facts.row.network.name} that may be given allowances"
        )


class RegisteredToken(Check):
    """The address is an enabled token, or a contract with rules of its own (wrapped coin)."""

    fits: ClassVar[str] = "address"
    check: Literal["registered_token"] = "registered_token"

    def complaint(self, value: Any, facts: Facts) -> str:
        """Unknown or disabled."""
        known = Token.objects.filter(network=facts.row.network_id, address=value).first()
        enabled = known.enabled if known else facts.rules_here.filter(address=value).exists()
        return "" if enabled else f"{value} is no enabled token on {facts.row.network.name}"


class Deadline(Check):
    """The time, in seconds since 1970, is to come and near."""

    fits: ClassVar[str] = "uint"
    check: Literal["deadline"] = "deadline"
    within: int = Field(gt=0, description="Seconds from now at most.")

    def complaint(self, value: Any, facts: Facts) -> str:
        """Over, or too far away."""
        left = int(value) - int(facts.now.timestamp())
        if left <= 0:
            return f"the deadline was {-left} seconds ago"
        return "" if left <= self.within else f"the deadline is {left} seconds away"


class MinimumOut(Check):
    """The least to receive: above zero, and the recorded quote less its slippage or more."""

    fits: ClassVar[str] = "uint"
    check: Literal["minimum_out"] = "minimum_out"
    most_slippage_bps: int = Field(ge=0, le=10_000)

    def complaint(self, value: Any, facts: Facts) -> str:
        """Nothing recorded, too generous, or too little asked."""
        promised = facts.expectations
        if promised.least_out is None or promised.slippage_bps is None:
            return "no quote is recorded with the transaction"
        if promised.slippage_bps > self.most_slippage_bps:
            return f"a slippage of {promised.slippage_bps} bps is above {self.most_slippage_bps}"
        if 0 < value >= promised.least_out:
            return ""
        return f"at least {promised.least_out} was promised, {value} would be accepted"


class Amount(Check):
    """An amount that leaves the wallet; counted against the caps of its token."""

    fits: ClassVar[str] = "uint"
    check: Literal["amount"] = "amount"
    token: Literal["callee"] | Path = CALLEE

    def complaint(self, value: Any, facts: Facts) -> str:
        """Without an end."""
        return f"{value} is without an end" if looks_unlimited(value) else ""

    def spends(self, value: Any, facts: Facts) -> Iterator[Spend]:
        """All of it."""
        yield Spend(_token(self.token, facts), value, leaves=True)


class AllowanceAmount(Check):
    """An allowance of the called token: exactly what the next step needs."""

    fits: ClassVar[str] = "uint"
    check: Literal["allowance_amount"] = "allowance_amount"

    def complaint(self, value: Any, facts: Facts) -> str:
        """Another amount than was recorded."""
        needed = facts.expectations.allowance
        if looks_unlimited(value):
            return f"an allowance of {value} is without an end"
        if needed is None:
            return "what the next step needs is not recorded with the transaction"
        return "" if value == needed else f"{needed} is needed, {value} would be allowed"

    def spends(self, value: Any, facts: Facts) -> Iterator[Spend]:
        """What the spender may take: only the caps of a single transaction count it."""
        yield Spend(facts.callee, value, leaves=False)


class Constant(Check):
    """Exactly this; numbers in decimal digits, bytes as 0x hex."""

    check: Literal["constant"] = "constant"
    value: str

    def complaint(self, value: Any, facts: Facts) -> str:
        """Anything else."""
        found = f"0x{value.hex()}" if isinstance(value, bytes) else str(value)
        return "" if found == self.value else f"it must be {self.value}, not {found}"


class InnerCall(Check):
    """The bytes are a call of the same contract, which its own rule must allow."""

    fits: ClassVar[str] = "bytes"
    check: Literal["inner_call"] = "inner_call"

    def complaint(self, value: Any, facts: Facts) -> str:
        """None of its own: what judges the inner call refuses."""
        facts.judge_inner(value)
        return ""


class Unchecked(Check):
    """Anything, with the reason why that is safe."""

    check: Literal["unchecked"] = "unchecked"
    reason: str = Field(min_length=10)

    def complaint(self, value: Any, facts: Facts) -> str:
        """Never."""
        return ""


AnyCheck = Annotated[
    OwnWallet
    | Recipient
    | Sender
    | Spender
    | RegisteredToken
    | Deadline
    | MinimumOut
    | Amount
    | AllowanceAmount
    | Constant
    | InnerCall
    | Unchecked,
    Field(discriminator="check"),
]
CHECKS: TypeAdapter[tuple[AnyCheck, ...]] = TypeAdapter(tuple[AnyCheck, ...])


def looks_unlimited(amount: int) -> bool:
    """Whether it is a type's largest number, or more than any token has base units."""
    return amount >= 2**128 or (amount >= 2**64 and amount & (amount + 1) == 0)


def gaps(signature: str, checks: Sequence[Check]) -> list[str]:
    """What keeps the checks from covering every argument, a phrase for each."""
    every = list(leaves(signature))
    found = [phrase for leaf in every if (phrase := _gap(leaf, checks))]
    strays = [one for one in checks if not any(_belongs(one, leaf) for leaf in every)]
    return found + [f"{one.check} does not fit {show_path(one.path)}" for one in strays]


def _gap(leaf: Leaf, checks: Sequence[Check]) -> str:
    over = [one for one in checks if _covers(one, leaf)]
    if not over:
        return f"argument {show_path(leaf.path)} has no check"
    if leaf.may_be_a_call and all(isinstance(one, Unchecked) for one in over):
        return f"argument {show_path(leaf.path)} may be another call and is unchecked"
    return ""


def _covers(check: Check, leaf: Leaf) -> bool:
    # Only what is unchecked may be so as a whole.
    if isinstance(check, Unchecked):
        return check.path == leaf.path[: len(check.path)]
    return check.path == leaf.path


def _belongs(check: Check, leaf: Leaf) -> bool:
    """Whether the check looks at the leaf, or at one element of the array it is in."""
    if isinstance(check, Unchecked):
        return _covers(check, leaf)
    if len(check.path) != len(leaf.path) or not leaf.kind.startswith(check.fits):
        return False
    places = zip(check.path, leaf.path, strict=True)
    return all(own == other or other == "*" for own, other in places)


def complaints(checks: Sequence[Check], facts: Facts) -> Iterator[str]:
    """What is wrong with the arguments, a phrase for each."""
    for check in checks:
        for value in [facts.values] if isinstance(check, Unchecked) else _at(check, facts):
            if phrase := check.complaint(value, facts):
                yield f"argument {show_path(check.path)}: {phrase}"


def spends_of(checks: Sequence[Check], facts: Facts) -> Iterator[Spend]:
    """What the arguments give away."""
    for check in checks:
        if not isinstance(check, Unchecked):
            for value in _at(check, facts):
                yield from check.spends(value, facts)


def _at(check: Check, facts: Facts) -> list[Any]:
    return pick(facts.values, check.path)


def _token(token: str | Path, facts: Facts) -> str:
    if isinstance(token, str):
        return facts.callee
    (address,) = pick(facts.values, token)
    return str(address)
