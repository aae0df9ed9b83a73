"""Whether bounds can be kept together, and which of them contradict one another."""

from collections.abc import Iterator

from analytics.allocation import solver
from analytics.allocation.values import Bounds, CannotAllocate, Cap


def require_possible(bounds: Bounds, *, exactly: bool = True) -> None:
    """CannotAllocate that names what contradicts what; `exactly`: all has to be at work."""
    if contradiction := next(_contradictions(bounds, exactly=exactly), ""):
        raise CannotAllocate(contradiction)
    if bounds.caps and (way := solver.relaxed(bounds, exactly=exactly)):
        raise CannotAllocate(
            f"the bounds contradict one another; it would be enough to relax {' and '.join(way)}"
        )


def _contradictions(bounds: Bounds, *, exactly: bool) -> Iterator[str]:
    for name, least, most in zip(bounds.names, bounds.least, bounds.most, strict=True):
        if least > most:
            yield f"the minimum of {name} ({share(least)}) is above its maximum ({share(most)})"
    least_sum, most_sum = sum(bounds.least), sum(bounds.most)
    if least_sum > bounds.at_work:
        yield (
            f"the minimums add up to {share(least_sum)}, and only {share(bounds.at_work)} is at "
            "work; lower a minimum or the reserve"
        )
    if exactly and most_sum < bounds.at_work:
        yield (
            f"the maximums add up to {share(most_sum)}, and {share(bounds.at_work)} has to be at "
            "work; raise a maximum or the reserve"
        )
    for cap in bounds.caps:
        yield from _cap_contradiction(bounds, cap)


def _cap_contradiction(bounds: Bounds, cap: Cap) -> Iterator[str]:
    least = sum(bounds.least[place] for place in cap.members)
    if least > cap.most:
        named = ", ".join(bounds.names[place] for place in cap.members)
        yield (
            f"the minimums of {named} add up to {share(least)}, above the cap of {cap.name} "
            f"({share(cap.most)})"
        )


def share(bps: int) -> str:
    """Basis points as a person reads them."""
    return f"{bps // 100}.{bps % 100:02} %"
