"""What numbers, arrays and packed bytes among the arguments of a call must be like."""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from pydantic import Field

from wallets.addresses import ZERO_ADDRESS
from wallets.models import PolicyRule
from wallets.transactions.calldata import CalldataError, Path, pick
from wallets.transactions.demands import Check, Facts, Spend
from wallets.transactions.expectations import HUNDRED_PERCENT, minimum_out


def looks_unlimited(amount: int) -> bool:
    """Whether it is a type's largest number, or more than any token has base units."""
    return amount >= 2**128 or (amount >= 2**64 and amount & (amount + 1) == 0)


class LeastOf(Check):
    """The least to use of an amount given, or of the coin sent: that less a slippage, or more."""

    fits: ClassVar[str] = "uint"
    check: Literal["least_of"] = "least_of"
    of: Literal["value"] | Path
    most_slippage_bps: int = Field(ge=0, le=HUNDRED_PERCENT)

    def complaint(self, value: Any, facts: Facts) -> str:
        """Less than that."""
        (amount,) = [facts.row.value] if self.of == "value" else pick(facts.values, self.of)
        least = minimum_out(amount, self.most_slippage_bps)
        return "" if 0 < value >= least else f"of {amount} at least {least} is to be used"


class PaidIn(Check):
    """An amount given to the contract: of the native coin all the call's value, of a token none.

    `token` is where the token's address stands, the zero address for the native coin; without it
    the amount is always of the native coin.
    """

    fits: ClassVar[str] = "uint"
    check: Literal["paid_in"] = "paid_in"
    token: Path | None = None

    def complaint(self, value: Any, facts: Facts) -> str:
        """Other native coin goes with the call, or it is without an end."""
        sent, due = int(facts.row.value), value if self._token(facts) == "" else 0
        if sent != due:
            return f"{sent} wei go with the call, {due} should"
        return f"{value} is without an end" if looks_unlimited(value) else ""

    def spends(self, value: Any, facts: Facts) -> Iterator[Spend]:
        """The token; native coin is counted as the call's value."""
        if token := self._token(facts):
            yield Spend(token, value, leaves=True)

    def _token(self, facts: Facts) -> str:
        if self.token is None:
            return ""
        tokens = pick(facts.values, self.token)
        if len(tokens) > 1:
            raise CalldataError(f"{len(tokens)} tokens are paid in, it must have one element")
        return "" if tokens[0] == ZERO_ADDRESS else str(tokens[0])


class PaidTo(Check):
    """Native coin goes with the call only to a contract that takes no allowances: all of an amount.

    A market of a token would keep native coin that comes with its token, for ever.
    """

    fits: ClassVar[str] = "address"
    check: Literal["paid_to"] = "paid_to"
    amount: Path

    def complaint(self, value: Any, facts: Facts) -> str:
        """Other native coin goes with the call."""
        (amount,) = pick(facts.values, self.amount)
        sent, due = int(facts.row.value), 0 if _takes_tokens(value, facts) else amount
        return "" if sent == due else f"{sent} wei go with the call, {due} should"


class Owed(Check):
    """An amount borrowed of a market, counted as if it left: it is owed.

    Native coin where the market takes no allowances; a token under the market's own address, which
    is all that the call says of it.
    """

    fits: ClassVar[str] = "uint"
    check: Literal["owed"] = "owed"
    market: Path

    def complaint(self, value: Any, facts: Facts) -> str:
        """Without an end."""
        return f"{value} is without an end" if looks_unlimited(value) else ""

    def spends(self, value: Any, facts: Facts) -> Iterator[Spend]:
        """All of it."""
        (market,) = pick(facts.values, self.market)
        yield Spend(market if _takes_tokens(market, facts) else "", value, leaves=True)


def _takes_tokens(market: str, facts: Facts) -> bool:
    rules = facts.rules_here.filter(address=market, selector=PolicyRule.ALLOWANCE)
    return bool(rules.exists())


class Constant(Check):
    """Exactly this; numbers in decimal digits, bytes as 0x hex."""

    check: Literal["constant"] = "constant"
    value: str

    def complaint(self, value: Any, facts: Facts) -> str:
        """Anything else."""
        found = f"0x{value.hex()}" if isinstance(value, bytes) else str(value)
        return "" if found == self.value else f"it must be {self.value}, not {found}"


class Empty(Check):
    """The array has nothing in it."""

    check: Literal["empty"] = "empty"

    def complaint(self, value: Any, facts: Facts) -> str:
        """Anything in it."""
        return f"it must be empty, not of {len(value)}" if value else ""


class OneOf(Check):
    """One of these; numbers in decimal digits."""

    check: Literal["one_of"] = "one_of"
    values: tuple[str, ...] = Field(min_length=1)

    def complaint(self, value: Any, facts: Facts) -> str:
        """Anything else."""
        known = ", ".join(self.values)
        return "" if str(value) in self.values else f"it must be one of {known}, not {value}"


class AtMost(Check):
    """A number that is no amount of money, such as gas, up to this."""

    fits: ClassVar[str] = "uint"
    check: Literal["at_most"] = "at_most"
    most: int = Field(ge=0)

    def complaint(self, value: Any, facts: Facts) -> str:
        """More."""
        return f"{value} is above {self.most}" if value > self.most else ""


class Single(Check):
    """The array has exactly one element."""

    check: Literal["single"] = "single"

    def complaint(self, value: Any, facts: Facts) -> str:
        """None, or several."""
        return "" if len(value) == 1 else f"it must have one element, not {len(value)}"


class ConstantHere(Check):
    """The whole number that belongs to the network of the call: pairs of chain id and number."""

    fits: ClassVar[str] = "uint"
    check: Literal["constant_here"] = "constant_here"
    values: tuple[tuple[int, int], ...] = Field(min_length=1)

    def complaint(self, value: Any, facts: Facts) -> str:
        """Another number, or a network nobody thought of."""
        network = facts.row.network
        expected = dict(self.values).get(network.chain_id)
        if expected is None:
            return f"what it must be on {network.name} is not known"
        return "" if value == expected else f"it must be {expected} on {network.name}, not {value}"


class SenderInside(Check):
    """Packed bytes of a known form, in which the wallet that signs stands at the form's place.

    A form is what the bytes begin with, in hex, and where the address begins.
    """

    fits: ClassVar[str] = "bytes"
    check: Literal["sender_inside"] = "sender_inside"
    forms: tuple[tuple[str, int], ...] = Field(min_length=1)

    def complaint(self, value: Any, facts: Facts) -> str:
        """Another form, or another address at its place."""
        own = facts.row.lane.wallet.address
        for prefix, place in self.forms:
            if value.startswith(bytes.fromhex(prefix)):
                found = f"0x{value[place : place + 20].hex()}"
                return "" if found == own.lower() else f"{found} is not the sending wallet {own}"
        return f"0x{value[:4].hex()} begins no form that is known"
