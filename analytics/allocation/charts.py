"""Bars of what is and what should be, for pages and files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analytics.allocation.bounds import share
from scheduling.gates.figures import dollars

HEIGHT = 44


@dataclass(frozen=True, slots=True)
class Bar:
    """A line in words, and its two bars in per cent of the width."""

    name: str
    current: str
    current_share: str
    target: str
    target_share: str
    difference: str
    now: float
    wanted: float
    top: int


def bars_of(lines: Sequence[Mapping[str, Any]]) -> list[Bar]:
    """One for each line, below one another."""
    return [_bar(one, place * HEIGHT) for place, one in enumerate(lines)]


def _bar(one: Mapping[str, Any], top: int) -> Bar:
    more = one["target_cents"] - one["current_cents"]
    return Bar(
        name=one["name"],
        current=dollars(one["current_cents"]),
        current_share=_share(one["current_bps"]),
        target=dollars(one["target_cents"]),
        target_share=share(one["target_bps"]),
        difference=("+" if more > 0 else "") + dollars(more),
        now=max(0, one["current_bps"]) / 100,
        wanted=one["target_bps"] / 100,
        top=top,
    )


def _share(bps: int) -> str:
    return f"-{share(-bps)}" if bps < 0 else share(bps)
