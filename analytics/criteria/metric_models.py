"""What a rule set may measure, as its file says it."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from wallets.addresses import parse_address

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
Fact = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,47}$")]
Address = Annotated[str, AfterValidator(parse_address)]
Selector = Annotated[str, Field(pattern=r"^0x[0-9a-f]{8}$")]
type Moment = AwareDatetime

Counted = Literal[
    "count", "contracts", "days", "weeks", "months", "weeks_from_first", "months_before"
]
Summed = Literal["volume", "bridged", "fees", "fees_usd"]
Timed = Literal["span_hours", "days_since_first", "weeks_since_first", "months_since_first"]
Spread = Literal["networks", "protocols"]


class Strict(BaseModel):
    """Nothing but what is described."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Way(Strict):
    """What a wallet does to get further: one run of it raises the metric by `by`."""

    protocol: str
    action: str
    by: int = Field(default=1, ge=1)


class Measured(Strict):
    """What all metrics have."""

    text: str = Field(default="", max_length=200)
    since: Moment | None = None
    until: Moment | None = Field(default=None, description="earlier than the moment asked about")
    attested: Fact | None = Field(
        default=None, description="a number that somebody attests under this name wins"
    )


class Choice(Strict):
    """Which transactions count; what is left out chooses nothing."""

    app: bool = Field(default=False, description="only those of applications")
    to_contract: bool = Field(default=False, description="only those to a contract")
    bridge: bool = Field(default=False, description="only those that moved value over a bridge")
    protocols: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    recipients: tuple[Address, ...] = ()
    not_recipients: tuple[Address, ...] = ()
    selectors: tuple[Selector, ...] = ()
    not_selectors: tuple[Selector, ...] = ()
    failed: bool = Field(default=False, description="those that failed too")


class Anchor(Choice):
    """The first transaction like this; `networks` empty is those of the metric."""

    networks: tuple[Slug, ...] = ()


class TransactionMetric(Measured, Choice):
    """Something about the transactions that a wallet sent."""

    of: Literal["transactions"]
    measure: Counted | Summed | Timed | Spread = "count"
    networks: tuple[Slug, ...] = Field(min_length=1)
    at_least: int = Field(default=1, ge=1, description="so many in a day, week or month")
    after_first: Anchor | None = None
    first_days: dict[Slug, Moment] = Field(
        default={}, description="only the first week from these moments, by network"
    )
    way: Way | None = None


class TransferMetric(Measured):
    """Something about a token that came to a wallet and left it."""

    of: Literal["transfers"]
    measure: Literal["balance", "token_days", "average"]
    network: Slug
    token: Address | Literal[""] = Field(description="its contract; empty for the native coin")
    decimals: int = Field(default=18, ge=0, le=77)
    after_first: Anchor | None = Field(
        default=None, description="only from the wallet's first transaction like this"
    )
    way: Way | None = None

    @model_validator(mode="after")
    def _has_a_time(self) -> Self:
        if self.measure == "average" and self.since is None:
            raise ValueError("an average needs `since`: over which time")
        return self


class PositionMetric(Measured):
    """How long something was inside protocols, and how much of it: liquidity, lending, vaults."""

    of: Literal["positions"]
    measure: Literal["days", "token_days"] = "days"
    networks: tuple[Slug, ...] = Field(min_length=1)
    protocols: tuple[str, ...] = ()
    token: Address | Literal[""] | None = None
    decimals: int = Field(default=18, ge=0, le=77)
    way: Way | None = None


class FactMetric(Measured):
    """What only somebody can say; unknown unless attested. A yes or no is at most 1."""

    of: Literal["fact"]
    fact: Fact
    most: int | None = None
    way: Way | None = None


type Metric = Annotated[
    TransactionMetric | TransferMetric | PositionMetric | FactMetric, Field(discriminator="of")
]

UNITS = {
    "volume": "USD",
    "bridged": "USD",
    "fees_usd": "USD",
    "fees": "coins",
    "balance": "tokens",
    "average": "tokens",
    "token_days": "token·days",
    "span_hours": "hours",
    "months_before": "months",
    "weeks_from_first": "weeks",
    "days_since_first": "days",
    "weeks_since_first": "weeks",
    "months_since_first": "months",
    "count": "",
}
WHOLE = frozenset(
    {"count", "contracts", "days", "weeks", "months", "weeks_from_first", "months_before"}
    | {"networks", "protocols"}
)


def unit_of(metric: Metric) -> str:
    """What it is counted in; empty for a plain number."""
    if isinstance(metric, FactMetric):
        return "yes or no" if metric.most == 1 else ""
    return UNITS.get(metric.measure, metric.measure)


def is_whole(metric: Metric) -> bool:
    """Whether it is counted in whole numbers."""
    return isinstance(metric, FactMetric) or (
        metric.measure in WHOLE and isinstance(metric, TransactionMetric)
    )


GROUPED = (
    "count",
    "contracts",
    "days",
    "weeks",
    "weeks_from_first",
    "months",
    "months_before",
)


def needs_groups(metric: TransactionMetric) -> bool:
    """Whether one pass over the transactions cannot tell."""
    grouped = metric.at_least > 1 or metric.after_first is not None
    return grouped or metric.measure == "weeks_from_first"


def networks_of(metric: Metric) -> tuple[str, ...]:
    """The networks whose history it needs."""
    match metric:
        case TransactionMetric(after_first=Anchor(networks=others)):
            return tuple(dict.fromkeys((*metric.networks, *others)))
        case TransactionMetric() | PositionMetric():
            return metric.networks
        case TransferMetric():
            return (metric.network,)
    return ()
