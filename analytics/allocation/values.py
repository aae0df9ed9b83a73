"""What the parts of an allocation hand to one another; shares are of one, in floats.

Floats only here, in statistics and in the optimiser: money and weights that are kept are integers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analytics.numeric import np
from wallets.transactions.operator import NotPossible

if TYPE_CHECKING:
    from numpy.typing import NDArray

type Vector = NDArray[np.float64]
type Matrix = NDArray[np.float64]

# The whole, in basis points.
WHOLE = 10_000
DAYS_PER_YEAR = 365


class CannotAllocate(NotPossible):
    """No weights come out; one sentence that says why, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that some buckets may have together, in basis points."""

    name: str
    members: tuple[int, ...]
    most: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """What weights have to keep, in basis points of the whole; `at_work` is their sum."""

    names: tuple[str, ...]
    least: tuple[int, ...]
    most: tuple[int, ...]
    at_work: int = WHOLE
    caps: tuple[Cap, ...] = ()

    @classmethod
    def free(cls, count: int, at_work: int = WHOLE) -> "Bounds":
        """Long only, and nothing else."""
        names = tuple(f"bucket {place}" for place in range(1, count + 1))
        return cls(names, (0,) * count, (WHOLE,) * count, at_work)

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True, slots=True)
class Statistics:
    """Daily returns of buckets, as yearly figures; what was wrong with them, a sentence each."""

    names: tuple[str, ...]
    covariance: Matrix
    means: Vector
    days: int
    shrinkage: float
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Solution:
    """Weights as shares of the whole, and who found them."""

    weights: Vector
    solver: str
    status: str
    problems: tuple[str, ...] = ()
    facts: Mapping[str, float] = field(default_factory=dict)
