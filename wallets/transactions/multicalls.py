"""Checks for routers that keep what a call brings until another call beside it hands it on."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from eth_typing import ChecksumAddress
from eth_utils.address import to_checksum_address

from wallets.transactions.calldata import CalldataError, Path, decode_arguments, pick, selector_of
from wallets.transactions.demands import Check, Facts, is_enabled_token

_ADDRESS, _FEE = 20, 3
# What only wrapped coin is registered for.
UNWRAPPING = "withdraw(uint256)"
# Nobody trades through more pools at once.
_MOST_POOLS = 3


def first_token(path: bytes) -> ChecksumAddress:
    """What goes in, of a packed way through pools; CalldataError where nothing does."""
    if len(path) < _ADDRESS:
        raise CalldataError(f"the {len(path)} bytes are no way through pools")
    return to_checksum_address(path[:_ADDRESS])


class PoolPath(Check):
    """Enabled tokens in packed bytes, with three bytes of a pool's fee between each two."""

    fits: ClassVar[str] = "bytes"
    check: Literal["pool_path"] = "pool_path"

    def complaint(self, value: Any, facts: Facts) -> str:
        """Other bytes, or a token that is unknown or disabled."""
        pools, rest = divmod(len(value) - _ADDRESS, _ADDRESS + _FEE)
        if rest or not 1 <= pools <= _MOST_POOLS:
            return f"the {len(value)} bytes are no way through 1 to {_MOST_POOLS} pools"
        starts = (place * (_ADDRESS + _FEE) for place in range(pools + 1))
        tokens = [to_checksum_address(value[start : start + _ADDRESS]) for start in starts]
        unknown = [token for token in tokens if not is_enabled_token(token, facts)]
        return f"{unknown[0]} is no enabled token on {facts.row.network.name}" if unknown else ""


class HandedOn(Check):
    """The wallet that signs; or `held`, by which the contract keeps it for the one next call.

    The transaction is `within`, which has the deadline. To be kept, it must be wrapped coin, at the
    end of the packed path at `brings`, and the transaction of exactly two calls: `this` one itself,
    not one inside it, and `then`, which has a rule of its own.
    """

    fits: ClassVar[str] = "address"
    check: Literal["handed_on"] = "handed_on"
    held: str
    brings: Path
    within: str
    this: str
    then: str

    def complaint(self, value: Any, facts: Facts) -> str:
        """Another address, or nobody hands it on."""
        own = facts.row.lane.wallet.address
        if value not in (own, self.held):
            return f"{value} is not the sending wallet {own}"
        try:
            *_, calls = decode_arguments(self.within, bytes(facts.row.data))
        except CalldataError:
            return f"it is called outside {self.within}"
        if value == own or (self._brings_coin(facts) and self._is_handed_on(calls, facts)):
            return ""
        return f"what it brings is not handed on by {self.then}"

    def _brings_coin(self, facts: Facts) -> bool:
        (path,) = pick(facts.values, self.brings)
        coin = first_token(path[-_ADDRESS:])
        wrapped = facts.rules_here.filter(address=coin, selector=selector_of(UNWRAPPING))
        return bool(wrapped.exists())

    def _is_handed_on(self, calls: Sequence[bytes], facts: Facts) -> bool:
        if len(calls) != 2 or f"0x{calls[1][:4].hex()}" != selector_of(self.then):
            return False
        try:
            return decode_arguments(self.this, calls[0]) == facts.values
        except CalldataError:
            return False


class WhenPaid(Check):
    """Where native coin goes with the transaction exactly these bytes: the call that returns it."""

    fits: ClassVar[str] = "bytes"
    check: Literal["when_paid"] = "when_paid"
    value: str

    def complaint(self, value: Any, facts: Facts) -> str:
        """What is not used would stay there."""
        if not facts.row.value or f"0x{value.hex()}" == self.value:
            return ""
        return f"native coin goes with it, so it must be {self.value}, not 0x{value[:4].hex()}"
