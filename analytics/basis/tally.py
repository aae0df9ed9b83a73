"""What a day brought and cost, by wallet, token, airdrop, protocol and task; nothing is lost.

Amounts are in 1e-18 US dollars; `unknown_…` counts what has no known price or cost.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple


class Key(NamedTuple):
    """What a sum is about."""

    day: date
    wallet: int
    token: int
    campaign: int | None = None
    protocol: str = ""
    task: int | None = None


@dataclass(slots=True)
class Sums:
    """One day's."""

    proceeds: int = 0  # of disposals of which the cost is known too
    cost: int = 0
    income: int = 0
    fees: int = 0
    fee_amount: int = 0  # in base units
    slippage: int = 0  # what less came than was quoted; part of the proceeds already
    put_in: int = 0
    taken_out: int = 0
    own_in: int = 0
    own_out: int = 0
    bridged_in: int = 0
    bridged_out: int = 0
    unknown_gains: int = 0
    unknown_income: int = 0
    unknown_fees: int = 0
    unknown_flows: int = 0
    unpriced: int = 0  # entries whose price would help
    unexplained: int = 0  # base units that left without having come

    def add(self, other: "Sums") -> None:
        """Both together."""
        for name in Sums.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


Days = dict[Key, Sums]


def no_days() -> Days:
    """A dictionary that makes empty sums."""
    return defaultdict(Sums)
