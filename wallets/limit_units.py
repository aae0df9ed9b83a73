"""The unit of a limit's number: how a person writes and reads it."""

from dataclasses import dataclass

from wallets.addresses import AddressError
from wallets.amounts import AmountError, show_amount, to_base_units
from wallets.models import Limit, ScopeKind, Token
from wallets.transactions.limits import NATIVE_DECIMALS, token_of

K = Limit.Kind


@dataclass(frozen=True, slots=True)
class Unit:
    """So many decimals above the number as it is kept, and what else it may be written in."""

    decimals: int
    name: str
    # Other words -> their decimals.
    others: tuple[tuple[str, int], ...] = ()

    def decimals_of(self, word: str) -> int | None:
        """Of a number with this word behind it; None for a word it is not written with."""
        known = {"": self.decimals, self.name: self.decimals, **dict(self.others)}
        return {name.lower(): decimals for name, decimals in known.items()}.get(word.lower())


_PERCENT = Unit(2, "%", (("bps", 0),))
_DOLLARS = Unit(2, "USD", (("cents", 0),))
_RUNS = Unit(0, "runs")
_OF_KIND: dict[str, Unit] = {
    K.MAX_FEE_PER_GAS: Unit(9, "gwei", (("wei", 0),)),
    K.MAX_RUNNING: _RUNS,
    K.MAX_FAILURES: _RUNS,
    K.MAX_AGE: Unit(0, "s"),
    K.MAX_GAS_SPIKE: Unit(0, "%"),
    K.MAX_SLIPPAGE: _PERCENT,
    K.MAX_VOLATILITY: _PERCENT,
    K.MAX_PROTOCOL_SHARE: _PERCENT,
    K.MAX_ASSET_SHARE: _PERCENT,
    K.MAX_DAY_LOSS: _DOLLARS,
    K.MAX_BUDGET: _DOLLARS,
    K.MIN_HEALTH_FACTOR: Unit(4, ""),
}


def unit_of(limit: Limit) -> Unit:
    """The unit of its kind; of a token or of the native coin where it is an amount."""
    if fixed := fixed_unit(limit):
        return fixed
    if limit.scope_kind == ScopeKind.TOKEN:
        return _of_token(limit)
    network = limit.scope_value if limit.scope_kind == ScopeKind.NETWORK else ""
    return Unit(NATIVE_DECIMALS, _coin(network), (("wei", 0),))


def fixed_unit(limit: Limit) -> Unit | None:
    """The unit of its kind; None where it is an amount of a token or coin."""
    return _OF_KIND.get(limit.kind)


def read_number(limit: Limit, text: str) -> int:
    """What a person wrote ("1.5 ETH", "300 %"), as it is kept; AmountError says what is wrong."""
    unit = unit_of(limit)
    number, _, word = text.strip().partition(" ")
    if number.endswith("%"):
        number, word = number.removesuffix("%"), "%"
    decimals = unit.decimals_of(word.strip())
    if decimals is None:
        wanted = " or ".join(filter(None, (unit.name, *dict(unit.others))))
        raise AmountError(f"{text!r} is not in {wanted or 'plain numbers'}; write it so")
    return to_base_units(number, decimals)


def in_words(limit: Limit, amount: int | None) -> str:
    """The number as a person reads it."""
    if not isinstance(amount, int):
        return ""
    unit = unit_of(limit)
    return show_amount(amount, unit.decimals, unit.name)


def _of_token(limit: Limit) -> Unit:
    """In base units where the token is not known."""
    network = limit.scope_value.rpartition(":")[0]
    try:
        address = token_of(limit)
    except AddressError:
        return Unit(0, "base units")
    known = Token.objects.filter(network__slug=network, address=address).first()
    return Unit(known.decimals, known.symbol) if known else Unit(0, "base units")


def _coin(network: str) -> str:
    """The one symbol of native coins here, or words where there are several."""
    coins = Token.objects.filter(address="")
    if network:
        coins = coins.filter(network__slug=network)
    symbols = set(coins.values_list("symbol", flat=True))
    return symbols.pop() if len(symbols) == 1 else "of the native coin"
