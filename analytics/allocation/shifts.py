"""Which bucket gives how much to which other: large differences first, small ones never."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Shift:
    """US cents from a line of the run to another, by their places."""

    source: int
    target: int
    cents: int


def shifts_of(lines: Sequence[Mapping[str, Any]], *, least: int, most: int) -> list[Shift]:
    """At most `most` cents together; none is below `least`."""
    differences = [one["target_cents"] - one["current_cents"] for one in lines]
    givers = {place: -one for place, one in enumerate(differences) if -one >= max(least, 1)}
    takers = {place: one for place, one in enumerate(differences) if one >= max(least, 1)}
    found: list[Shift] = []
    left = most
    while givers and takers:
        source, target = (max(side, key=lambda one: (side[one], -one)) for side in (givers, takers))
        cents = min(givers[source], takers[target], left)
        if cents < max(least, 1):
            break
        found.append(Shift(source, target, cents))
        left -= cents
        for side, place in ((givers, source), (takers, target)):
            side[place] -= cents
            if side[place] < max(least, 1):
                del side[place]
    return found


def after(lines: Sequence[Mapping[str, Any]], moved: Sequence[Shift]) -> list[int]:
    """Cents of each line once these are done."""
    cents = [int(one["current_cents"]) for one in lines]
    for one in moved:
        cents[one.source] -= one.cents
        cents[one.target] += one.cents
    return cents
