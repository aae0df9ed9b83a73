"""What happened in each hour and day, added up: kept when the single rows are gone."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from wallets.addresses import AddressField
from wallets.amounts import DIGITS, AmountError, AmountField

MOST = 10**DIGITS - 1


class SignedAmountField[ST, GT](AmountField[ST, GT]):
    """As an amount, but it may be below zero; on SQLite it neither sorts nor adds up in SQL."""

    description = "Whole number of up to 78 digits"

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """The column's type."""
        return "numeric(78,0)" if connection.vendor == "postgresql" else f"varchar({DIGITS + 1})"

    def to_python(self, value: Any) -> int | None:
        """The number."""
        return None if value is None or value == "" else int(value)

    def get_prep_value(self, value: Any) -> int | None:
        """A checked number; never a float."""
        if value is None:
            return None
        if isinstance(value, bool | float) or value != int(value) or not -MOST <= value <= MOST:
            raise AmountError(f"{value!r} is not a whole number of up to {DIGITS} digits")
        return int(value)

    def get_db_prep_value(
        self,
        value: Any,
        connection: BaseDatabaseWrapper,
        prepared: bool = False,  # noqa: FBT001, FBT002 - Django's signature
    ) -> Any:
        """The number as the database keeps it."""
        number = value if prepared else self.get_prep_value(value)
        if number is None or connection.vendor == "postgresql":
            return number
        return str(number)


class Metric(models.TextChoices):
    """What is added up, and in which unit."""

    TRANSACTIONS = "transactions", "Transactions and their fees, in wei"
    RUNS = "runs", "Runs that ended"
    GATES = "gates", "Refusals of gates"
    RISK = "risk", "Readings of the risk"
    GAS = "gas", "Price of gas, in wei"
    PRICES = "prices", "Prices, in 10^-36 US dollars"
    EQUITY = "equity", "All that is owned, in US cents"
    PARTS = "parts", "Where it is, in US cents"
    BALANCES = "balances", "Balances, in base units"
    FLOWS = "flows", "The ledger, in base units"
    FLOWS_USD = "flows_usd", "The ledger at prices of the time, in 10^-36 US dollars"


class Rollup(models.Model):
    """One metric of one hour or day (UTC) for one set of names; a name it does not go by is empty.

    `count` are the rows, `unknown` those of them without a value; `total`, `low` and `high` are of
    the others, `first` and `last` by time. Null where a metric has none.
    """

    Metric = Metric

    class Period(models.TextChoices):
        HOUR = "hour", "Hour"
        DAY = "day", "Day"

    metric = models.CharField(max_length=12, choices=Metric.choices)
    period = models.CharField(max_length=4, choices=Period.choices)
    starts_at = models.DateTimeField()
    network = models.CharField(max_length=50, blank=True)
    protocol = models.CharField(max_length=50, blank=True)
    token = models.CharField(
        max_length=42, blank=True, help_text="Its address, or `native` for the coin."
    )
    wallet = AddressField(blank=True)
    subject = models.CharField(
        max_length=50, blank=True, help_text="An action, an account, a gate or a source."
    )
    outcome = models.CharField(
        max_length=20, blank=True, help_text="How it ended, its direction or its level."
    )
    count = models.PositiveBigIntegerField()
    unknown = models.PositiveBigIntegerField(default=0)
    total = SignedAmountField(null=True, blank=True)
    first = SignedAmountField(null=True, blank=True)
    last = SignedAmountField(null=True, blank=True)
    low = SignedAmountField(null=True, blank=True)
    high = SignedAmountField(null=True, blank=True)
    first_at = models.DateTimeField(null=True, blank=True)
    last_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-starts_at", "metric", "id")
        constraints = (
            models.UniqueConstraint(
                fields=(
                    "metric",
                    "period",
                    "starts_at",
                    "network",
                    "protocol",
                    "token",
                    "wallet",
                    "subject",
                    "outcome",
                ),
                name="rollup_once",
            ),
            models.CheckConstraint(
                condition=models.Q(unknown__lte=models.F("count")), name="rollup_unknown_is_counted"
            ),
        )
        indexes = (models.Index(fields=("-starts_at", "metric", "id"), name="rollup_newest"),)

    def __str__(self) -> str:
        return f"{self.metric} of the {self.period} of {self.starts_at:%Y-%m-%d %H:%M}"


class RollupMark(models.Model):
    """How far a metric was added up, and until when its single rows were cleaned away."""

    metric = models.CharField(max_length=12, choices=Metric.choices, primary_key=True)
    done_until = models.DateTimeField(null=True, blank=True)
    cleaned_until = models.DateTimeField(null=True, blank=True)
    # Rows up to this number were looked at for late ones.
    seen = models.PositiveBigIntegerField(default=0)
    # A row's number is given before it is committed: this becomes `seen` some minutes later.
    next_seen = models.PositiveBigIntegerField(default=0)
    next_seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("metric",)

    def __str__(self) -> str:
        return f"{self.metric} until {self.done_until or 'nothing'}"


class RollupDirt(models.Model):
    """An hour of which a row has changed since it was added up; several rows of one mean one."""

    metric = models.CharField(max_length=12, choices=Metric.choices)
    hour = models.DateTimeField()

    class Meta:
        verbose_name_plural = "Rollup dirt"
        indexes = (models.Index(fields=("metric", "hour"), name="rollup_dirt_by_metric"),)

    def __str__(self) -> str:
        return f"{self.metric} of {self.hour:%Y-%m-%d %H:%M}"
