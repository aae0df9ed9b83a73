"""Shares to whole basis points, and basis points to cents, without breaking a bound or a sum."""

from collections.abc import Sequence

from analytics.allocation.values import WHOLE, Bounds, Vector


def to_basis_points(weights: Vector, bounds: Bounds) -> tuple[int, ...]:
    """Rounded down, then one more to those that lost most, as far as bounds and caps allow.

    Together never more than the weights were; what nobody may have is left to the reserve.
    """
    exact = [float(one) * WHOLE for one in weights]
    # A solver is right to 1e-9: what is that close below a whole number is that number.
    found = [
        min(max(int(one + 1e-5), least), most)
        for one, least, most in zip(exact, bounds.least, bounds.most, strict=True)
    ]
    wanted = min(bounds.at_work, round(sum(exact)))
    by_loss = sorted(range(len(found)), key=lambda place: (found[place] - exact[place], place))
    _lower(found, bounds, by_loss[::-1], wanted)
    _raise(found, bounds, by_loss, wanted)
    return tuple(found)


def _lower(found: list[int], bounds: Bounds, places: Sequence[int], wanted: int) -> None:
    """Take from those that gained most what is too much, in the sum or under a cap."""
    groups = [(tuple(range(len(found))), wanted), *((one.members, one.most) for one in bounds.caps)]
    for members, most in groups:
        for place in places:
            above = sum(found[one] for one in members) - most
            if above > 0 and place in members:
                found[place] -= min(above, found[place] - bounds.least[place])


def _raise(found: list[int], bounds: Bounds, places: Sequence[int], wanted: int) -> None:
    missing = wanted - sum(found)
    while missing > 0:
        able = [place for place in places if _may_grow(found, bounds, place)]
        for place in able[:missing]:
            if _may_grow(found, bounds, place):
                found[place] += 1
        if not able:
            return
        missing = wanted - sum(found)


def _may_grow(found: Sequence[int], bounds: Bounds, place: int) -> bool:
    capped = (cap for cap in bounds.caps if place in cap.members)
    room = all(sum(found[one] for one in cap.members) < cap.most for cap in capped)
    return found[place] < bounds.most[place] and room


def to_cents(total: int, shares: Sequence[int]) -> tuple[int, ...]:
    """So many cents in proportion to shares that add up to the whole: the cents add up, too."""
    exact = [total * one for one in shares]
    found = [one // WHOLE for one in exact]
    left = (sum(exact) // WHOLE) - sum(found)
    by_loss = sorted(range(len(found)), key=lambda place: (-(exact[place] % WHOLE), place))
    for place in by_loss[:left]:
        found[place] += 1
    return tuple(found)
