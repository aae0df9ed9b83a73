"""Parameters of the lending actions."""

import re
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from protocols.params import ActionParams, Address, Amount, AmountOrAll
from wallets.amounts import MAX_UINT256

_FACTOR = re.compile(r"[0-9]{1,3}(\.[0-9]{1,4})?", re.ASCII)
_MARKET = re.compile(r"([a-z0-9]{1,20})?", re.ASCII)


def _factor(value: object) -> Decimal:
    """Text or a whole number: what a person typed, never somebody's float."""
    text = str(value) if isinstance(value, str | int | Decimal) else ""
    if isinstance(value, bool) or not _FACTOR.fullmatch(text):
        raise ValueError('write a number with at most four decimals, as text: "1.5"')
    return Decimal(text)


def _market(value: object) -> str:
    if not isinstance(value, str) or not _MARKET.fullmatch(value):
        raise ValueError("write how the market's roles end (lido), or nothing for the main one")
    return value


HealthFloor = Annotated[
    Decimal,
    BeforeValidator(_factor),
    Field(ge=1, le=100),
    PlainSerializer(str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": f"^{_FACTOR.pattern}$"}),
]
MarketName = Annotated[
    str,
    BeforeValidator(_market),
    WithJsonSchema({"type": "string", "pattern": f"^{_MARKET.pattern}$"}),
]


class LendingParams(ActionParams):
    """`asset` is an ERC-20 of the market; native coin is wrapped first."""

    asset: Address
    market: MarketName = ""


class AmountParams(LendingParams):
    """In base units of the asset."""

    amount: Amount


class AllParams(LendingParams):
    """In base units of the asset, or `all`."""

    amount: AmountOrAll

    @property
    def is_all(self) -> bool:
        """Whether it is not known before."""
        return self.amount == MAX_UINT256


class BorrowParams(AmountParams):
    """What is refused where the health factor would be lower."""

    health_floor: HealthFloor = Decimal("1.5")


class WithdrawParams(AllParams):
    """What is refused where the health factor would be lower."""

    health_floor: HealthFloor = Decimal("1.5")
