"""Which offers are taken: the cheapest that bring as many new ones as are missing."""

from decimal import Decimal

import pytest

from analytics.criteria.picking import Offer, pick

type Made = Offer[str, str]


def offer(what: str, items: str, price: int | None, *, sure: bool = True) -> Made:
    return Offer(what, frozenset(items), sure, None if price is None else Decimal(price))


@pytest.mark.parametrize(
    ("missing", "taken", "offers", "picked"),
    [
        (2, "", [offer("a", "x", 3), offer("b", "y", 1), offer("c", "z", 2)], ["b1", "c1"]),
        (1, "y", [offer("a", "x", 3), offer("b", "y", 1)], ["a1"]),  # used already
        (3, "", [offer("a", "x", 3), offer("b", "x", 1)], ["b1"]),  # both the same
        (2, "", [offer("a", "x", None), offer("b", "y", 9)], ["b1", "a1"]),  # unknown comes last
        (2, "", [offer("a", "x", 3), offer("b", "yz", 8)], ["b2"]),  # a is superfluous
        (2, "", [offer("a", "xy", 4, sure=False)], ["a1"]),  # one of the two, who knows which
        (1, "x", [offer("a", "xy", 4, sure=False)], []),  # it may be the one that was used
    ],
)
def test_the_cheapest_that_bring_new_ones(
    missing: int, taken: str, offers: list[Made], picked: list[str]
) -> None:
    found = pick(missing, frozenset(taken), offers)
    assert [f"{one.what}{count}" for one, count in found] == picked
