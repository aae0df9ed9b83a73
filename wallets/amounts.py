"""Amounts: unsigned integers in base units, exact on both databases."""

from decimal import ROUND_DOWN, Decimal, InvalidOperation, localcontext
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Aggregate
from django.db.models.expressions import Combinable

MAX_UINT256 = 2**256 - 1
DIGITS = 78


class AmountError(ValueError):
    """An amount that is not what it must be; the message says which and why."""


class AmountField[ST, GT](models.Field[ST, GT]):
    """A uint256 in base units: NUMERIC(78,0) on PostgreSQL.

    SQLite would turn so large a number into a float, so there it is zero-padded text, which
    compares and sorts as the number does. Arithmetic happens in Python, sums through SumAmount.
    """

    description = "Amount in base units"
    # What the Django plugin of mypy makes of ST and GT, null or not.
    _pyi_private_set_type: int | Combinable
    _pyi_private_get_type: int

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """The column's type."""
        return "numeric(78,0)" if connection.vendor == "postgresql" else f"varchar({DIGITS})"

    def from_db_value(self, value: Any, *_args: object) -> int | None:
        """The number as Python knows it."""
        return None if value is None else int(value)

    def to_python(self, value: Any) -> int | None:
        """The number, or a ValidationError for anything else."""
        if value is None or value == "":
            return None
        try:
            return check_amount(int(value))
        except (AmountError, TypeError, ValueError) as error:
            raise ValidationError(f"{value!r} is not an amount in base units: {error}") from error

    def get_prep_value(self, value: Any) -> int | None:
        """A checked number; never a float."""
        return None if value is None else check_amount(value)

    def get_db_prep_value(
        self,
        value: Any,
        connection: BaseDatabaseWrapper,
        prepared: bool = False,  # noqa: FBT001, FBT002 - Django's signature
    ) -> int | str | Decimal | None:
        """The number as the database keeps it."""
        number = value if prepared else self.get_prep_value(value)
        if number is None:
            return None
        return Decimal(number) if connection.vendor == "postgresql" else f"{number:0{DIGITS}d}"

    def formfield(self, *_args: Any, **kwargs: Any) -> Any:
        """A plain whole-number input."""
        from django import forms

        # Left empty it is unknown, not an empty text.
        empty: dict[str, Any] = {"empty_value": None} if self.null else {}
        return super().formfield(form_class=forms.CharField, **empty, **kwargs)


class SumAmount(Aggregate):
    """SUM over an AmountField, exact on both databases; 0 for no rows."""

    function = "SUM"
    name = "SumAmount"
    output_field: AmountField[Any, Any] = AmountField()

    def __init__(self, expression: str, **extra: Any) -> None:
        super().__init__(expression, default=0, **extra)

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """SQLite's own SUM would go through a float."""
        return super().as_sql(compiler, connection, function="AMOUNT_SUM", **extra)


class _ExactSum:
    def __init__(self) -> None:
        self.total = 0

    def step(self, value: str | None) -> None:
        self.total += int(value or 0)

    def finalize(self) -> str:
        return f"{self.total:0{DIGITS}d}"


def install_sqlite_sum(*, connection: BaseDatabaseWrapper, **_kwargs: object) -> None:
    """Give a new SQLite connection the exact sum."""
    if connection.vendor == "sqlite":
        connection.connection.create_aggregate("AMOUNT_SUM", 1, _ExactSum)


def check_amount(value: object) -> int:
    """The value itself if it is a uint256; AmountError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value != int(value):
        raise AmountError(f"{value!r} is not a whole number of base units")
    if not 0 <= value <= MAX_UINT256:
        raise AmountError(f"{value} is outside 0 … 2^256-1")
    return int(value)


def to_base_units(text: str, decimals: int) -> int:
    """What a person typed ("1.5"), in base units; AmountError if negative or over-precise."""
    try:
        number = Decimal(text.strip())
    except InvalidOperation as error:
        raise AmountError(f"{text!r} is not a number; write it like 1.5") from error
    with localcontext(prec=DIGITS * 2):
        scaled = number.scaleb(decimals) if number.is_finite() else Decimal("0.5")
        if scaled != scaled.to_integral_value(rounding=ROUND_DOWN):
            raise AmountError(f"{text} has more than {decimals} decimals")
    return check_amount(int(scaled))


def to_decimal(amount: int, decimals: int) -> Decimal:
    """Base units as a person reads them, exactly."""
    with localcontext(prec=DIGITS * 2):
        return Decimal(amount).scaleb(-decimals)


def show_amount(amount: int, decimals: int, symbol: str = "") -> str:
    """Base units as text without trailing zeros: `1.5 ETH`."""
    text = f"{to_decimal(amount, decimals):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{text} {symbol}".rstrip()
