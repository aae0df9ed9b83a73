"""What an expression says: `25 % of USDC, at most 100`, `all of USDC but 10`.

A share of what the wallet has of a token, less what is to stay, within bounds; `balance` is the
network's own coin. Numbers are whole or decimal, in units of the token.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from wallets.amounts import AmountError, to_base_units

# Of a share: 100 % in its smallest part.
WHOLE = 100 * 10**6
_NUMBER = r"[0-9]{1,60}(?:\.[0-9]{1,40})?"
_SHAPE = re.compile(
    rf"(?:all|(?P<percent>{_NUMBER}) ?%) of (?P<token>[^\s,]{{1,60}})"
    rf"(?: but (?P<but>{_NUMBER}))?"
    rf"(?P<bounds>(?:, ?at (?:least|most) {_NUMBER}){{0,2}})",
    re.ASCII,
)
_BOUND = re.compile(rf"at (least|most) ({_NUMBER})", re.ASCII)
COIN = "balance"
EXAMPLE = "25 % of USDC, at most 100"


class BadExpression(ValueError):
    """It cannot be read; the sentence says what to write."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A share of a balance; `token` is a symbol, an address, or `balance` for the coin."""

    token: str
    # Millionths of a percent.
    share: int = WHOLE
    but: str = "0"
    at_least: str = "0"
    at_most: str | None = None

    def amount_of(self, balance: int, decimals: int) -> int:
        """What it comes to, in base units, rounded down; 0 where it is below its least."""
        found = max(0, balance * self.share // WHOLE - to_base_units(self.but, decimals))
        if self.at_most is not None:
            found = min(found, to_base_units(self.at_most, decimals))
        return found if found >= to_base_units(self.at_least, decimals) else 0

    def require_decimals(self, decimals: int) -> None:
        """BadExpression if one of its numbers is finer than the token, or its bounds cross."""
        try:
            least, most, _ = (
                to_base_units(text, decimals)
                for text in (self.at_least, self.at_most or self.at_least, self.but)
            )
        except AmountError as error:
            raise BadExpression(str(error)) from error
        if most < least or (self.at_most is not None and not most):
            raise BadExpression(f"at least {self.at_least} and at most {self.at_most} is nothing")


def parse_expression(text: str) -> Expression:
    """What the text says, or BadExpression."""
    found = _SHAPE.fullmatch(" ".join(text.split()))
    if found is None:
        raise BadExpression(f"write an amount in base units, or something like {EXAMPLE!r}")
    bounds = _BOUND.findall(found["bounds"])
    said = dict(bounds)
    if len(said) < len(bounds):
        raise BadExpression("write each of 'at least' and 'at most' once")
    return Expression(
        token=found["token"],
        share=WHOLE if found["percent"] is None else _share(found["percent"]),
        but=found["but"] or "0",
        at_least=said.get("least", "0"),
        at_most=said.get("most"),
    )


def _share(percent: str) -> int:
    parts = Decimal(percent) * (WHOLE // 100)
    if not 0 < parts <= WHOLE or parts != int(parts):
        raise BadExpression(f"{percent} % is no share; write up to 100 %, with up to 6 decimals")
    return int(parts)
