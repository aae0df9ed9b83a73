"""What it would take to get further: runs, their fees, what they rest on, and capital."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from analytics.criteria.fees import Fee
from scheduling.models import Task


@dataclass(frozen=True, slots=True)
class Part:
    """So many runs as a task does it (None for volume), and the fee of them all.

    `gives` is how much of what is missing they bring. `linked`: the task is of the campaign, so
    that tasks can be made as it does it.
    """

    task: Task
    runs: int | None
    fee: Fee
    gives: Decimal
    linked: bool = True


@dataclass(frozen=True, slots=True)
class Capital:
    """Tokens that have to be in the wallet, apart from all fees: they are not spent.

    `at_most`: what is there already is not known for certain, and may be taken off. `days` is how
    long they have to stay; None where only the moment counts. Without a price `dollars` is None.
    """

    symbol: str
    amount: Decimal
    dollars: Decimal | None
    days: Decimal | None = None
    at_most: bool = False
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What brings what is missing, as far as it is known; `problem` says what is not, and why."""

    parts: tuple[Part, ...] = ()
    problem: str = ""
    capital: Capital | None = None

    @property
    def dollars(self) -> Decimal | None:
        """US dollars of fees for all of it; None where any of it is unknown."""
        known = [part.fee.dollars for part in self.parts]
        if self.problem or None in known:
            return None
        return sum((one for one in known if one is not None), Decimal(0))

    @property
    def known_dollars(self) -> Decimal | None:
        """Of the parts whose fees are known; None where none is."""
        known = [part.fee.dollars for part in self.parts if part.fee.dollars is not None]
        return sum(known, Decimal(0)) if known else None

    @property
    def runs(self) -> int | None:
        """Of all tasks together; None where they are not counted."""
        counted = [part.runs for part in self.parts if part.runs is not None]
        return sum(counted) if counted else None

    @property
    def task(self) -> Task | None:
        """The first one of the campaign: tasks can be made as it does it."""
        return next((part.task for part in self.parts if part.linked), None)

    @property
    def coins(self) -> dict[str, Decimal]:
        """The fees that are known in native coins, by symbol."""
        found: Counter[str] = Counter()
        for part in self.parts:
            for symbol, amount in part.fee.coins.items():
                found[symbol] += amount  # type: ignore[assignment]  # Counter adds Decimals too
        return dict(found)  # type: ignore[arg-type]


def unknown(problem: str) -> Estimate:
    """Nobody knows, and why."""
    return Estimate(problem=problem)


def cheapest(parts: Sequence[Part]) -> Part:
    """By dollars; where none is known the first, of which at least the coins may be."""
    known = [part for part in parts if part.fee.dollars is not None]
    if known:
        return min(known, key=lambda part: part.fee.dollars or Decimal(0))
    return next((part for part in parts if part.fee.coins), parts[0])
