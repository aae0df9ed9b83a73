"""What the arguments of a call must be, as data on a policy rule. Deny by default.

Floor 2 declares these with an action's permissions; floor 1 reads them at every signature. Every
argument has a check, `unchecked` with a reason among them, or the call is refused.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, TypeAdapter

from wallets.addresses import ZERO_ADDRESS
from wallets.chain.codec import decode_exactly
from wallets.models import PolicyRule
from wallets.recipients import may_receive, own_recipients
from wallets.transactions.calldata import CalldataError, Leaf, Path, leaves, pick, show_path
from wallets.transactions.demands import Check, Facts, Spend, is_enabled_token
from wallets.transactions.multicalls import HandedOn, PoolPath, WhenPaid, first_token
from wallets.transactions.shapes import AtMost as AtMost
from wallets.transactions.shapes import Constant as Constant
from wallets.transactions.shapes import ConstantHere as ConstantHere
from wallets.transactions.shapes import Empty as Empty
from wallets.transactions.shapes import LeastOf as LeastOf
from wallets.transactions.shapes import OneOf as OneOf
from wallets.transactions.shapes import Owed as Owed
from wallets.transactions.shapes import PaidIn as PaidIn
from wallets.transactions.shapes import PaidTo as PaidTo
from wallets.transactions.shapes import SenderInside as SenderInside
from wallets.transactions.shapes import Single as Single
from wallets.transactions.shapes import looks_unlimited as looks_unlimited

# The called contract itself: the token of its own transfer and approve.
CALLEE: Literal["callee"] = "callee"


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
    # Whether the zero address may stand for the native coin.
    native: bool = False

    def complaint(self, value: Any, facts: Facts) -> str:
        """Unknown or disabled."""
        if (self.native and value == ZERO_ADDRESS) or is_enabled_token(value, facts):
            return ""
        return f"{value} is no enabled token on {facts.row.network.name}"


class Registered(Check):
    """The address is an enabled contract of the protocol that arguments may name: a pool."""

    fits: ClassVar[str] = "address"
    check: Literal["registered"] = "registered"

    def complaint(self, value: Any, facts: Facts) -> str:
        """No rule names it."""
        if facts.rules_here.filter(address=value, selector=PolicyRule.NAMED).exists():
            return ""
        return (
            f"{value} is no enabled deployment of {facts.row.protocol} on "
            f"{facts.row.network.name} that a call may name"
        )


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
    """The least to receive: above zero, and the recorded quote less its slippage or more.

    `place` says which of several quotes, where a call brings more than one token.
    """

    fits: ClassVar[str] = "uint"
    check: Literal["minimum_out"] = "minimum_out"
    most_slippage_bps: int = Field(ge=0, le=10_000)
    place: int | None = Field(default=None, ge=0)

    def complaint(self, value: Any, facts: Facts) -> str:
        """Nothing recorded, too generous, or too little asked."""
        promised = facts.expectations
        least = promised.least_of(self.place)
        if least is None or promised.slippage_bps is None:
            return "no quote is recorded with the transaction"
        if promised.slippage_bps > self.most_slippage_bps:
            return f"a slippage of {promised.slippage_bps} bps is above {self.most_slippage_bps}"
        if 0 < value >= least:
            return ""
        return f"at least {least} was promised, {value} would be accepted"


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
    """An allowance of the called token, or of another: exactly what the next step needs.

    The calls of some spenders do not say which token they take. Those that have a rule of one of
    the selectors `counted_with` are such: what they may take is counted as if it left.
    """

    fits: ClassVar[str] = "uint"
    check: Literal["allowance_amount"] = "allowance_amount"
    token: Literal["callee"] | Path = CALLEE
    spender: Path = ()
    counted_with: tuple[str, ...] = ()

    def complaint(self, value: Any, facts: Facts) -> str:
        """Another amount than was recorded."""
        needed = facts.expectations.allowance
        if looks_unlimited(value):
            return f"an allowance of {value} is without an end"
        if needed is None:
            return "what the next step needs is not recorded with the transaction"
        return "" if value == needed else f"{needed} is needed, {value} would be allowed"

    def spends(self, value: Any, facts: Facts) -> Iterator[Spend]:
        """What the spender may take; mostly only the caps of a single transaction count it."""
        yield Spend(_token(self.token, facts), value, leaves=self._is_counted(facts))

    def _is_counted(self, facts: Facts) -> bool:
        if not self.counted_with:
            return False
        (spender,) = pick(facts.values, self.spender)
        found = facts.rules_here.filter(address=spender, selector__in=self.counted_with)
        return bool(found.exists())


class InnerCall(Check):
    """The bytes are a call of the same contract, which its own rule must allow."""

    fits: ClassVar[str] = "bytes"
    check: Literal["inner_call"] = "inner_call"

    def complaint(self, value: Any, facts: Facts) -> str:
        """None of its own: what judges the inner call refuses."""
        facts.judge_inner(value)
        return ""


class Encoded(Check):
    """The bytes are exactly these values, each with a check of its own; paths lead inside them."""

    fits: ClassVar[str] = "bytes"
    check: Literal["encoded"] = "encoded"
    types: tuple[str, ...] = Field(min_length=1)
    # Bytes that stand before the values, in hex: a version, a selector.
    prefix: str = ""
    checks: tuple["AnyCheck", ...]

    @property
    def signature(self) -> str:
        """The values as a call would take them."""
        return f"values({','.join(self.types)})"

    def complaint(self, value: Any, facts: Facts) -> str:
        """Other bytes, or wrong values in them."""
        try:
            return "; ".join(complaints(self.checks, self._inside(value, facts)))
        except CalldataError as error:
            return str(error)

    def spends(self, value: Any, facts: Facts) -> Iterator[Spend]:
        """What the values give away."""
        yield from spends_of(self.checks, self._inside(value, facts))

    def _inside(self, value: bytes, facts: Facts) -> Facts:
        prefix = bytes.fromhex(self.prefix)
        values = decode_exactly(self.types, value.removeprefix(prefix))
        if values is None or not value.startswith(prefix):
            raise CalldataError(f"the bytes are not exactly ({','.join(self.types)})")
        return replace(facts, values=values)


class Vouched(Check):
    """Bytes that somebody else answers for, with the reason: the called contract, or a guard."""

    fits: ClassVar[str] = "bytes"
    check: Literal["vouched"] = "vouched"
    reason: str = Field(min_length=10)

    def complaint(self, value: Any, facts: Facts) -> str:
        """Never."""
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
    | Registered
    | Deadline
    | MinimumOut
    | LeastOf
    | Amount
    | AllowanceAmount
    | PaidIn
    | PaidTo
    | Owed
    | Constant
    | ConstantHere
    | OneOf
    | AtMost
    | Single
    | InnerCall
    | Empty
    | Encoded
    | SenderInside
    | Vouched
    | PoolPath
    | HandedOn
    | WhenPaid
    | Unchecked,
    Field(discriminator="check"),
]
Encoded.model_rebuild()
CHECKS: TypeAdapter[tuple[AnyCheck, ...]] = TypeAdapter(tuple[AnyCheck, ...])


def gaps(signature: str, checks: Sequence[Check]) -> list[str]:
    """What keeps the checks from covering every argument, a phrase for each."""
    every = list(leaves(signature))
    found = [phrase for leaf in every if (phrase := _gap(leaf, checks))]
    strays = [one for one in checks if not any(_belongs(one, leaf) for leaf in every)]
    found += [f"{one.check} does not fit {show_path(one.path)}" for one in strays]
    for one in checks:
        if isinstance(one, Encoded):
            inside = gaps(one.signature, one.checks)
            found += [f"in argument {show_path(one.path)}, {phrase}" for phrase in inside]
    return found


def _gap(leaf: Leaf, checks: Sequence[Check]) -> str:
    over = [one for one in checks if _covers(one, leaf)]
    if not over:
        return f"argument {show_path(leaf.path)} has no check"
    if leaf.may_be_a_call and all(isinstance(one, Unchecked) for one in over):
        return f"argument {show_path(leaf.path)} may be another call and is unchecked"
    return ""


def _covers(check: Check, leaf: Leaf) -> bool:
    # Only what is unchecked, or not there, may be so as a whole.
    if isinstance(check, Unchecked):
        return check.path == leaf.path[: len(check.path)]
    if isinstance(check, Empty):
        return (*check.path, "*") == leaf.path[: len(check.path) + 1]
    return check.path == leaf.path


def _belongs(check: Check, leaf: Leaf) -> bool:
    """Whether the check looks at the leaf, or at one element of the array it is in."""
    if isinstance(check, Single):
        return (*check.path, "*") == leaf.path[: len(check.path) + 1]
    if isinstance(check, Unchecked | Empty):
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
    (found,) = pick(facts.values, token)
    return first_token(found) if isinstance(found, bytes) else str(found)
