"""The cheapest of what there is that brings as many new ones as are missing."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Offer[T, I: Hashable]:
    """What something brings: all of its items where `sure`, otherwise one of them at least.

    `price` may be unknown; what is known goes first, and among what is not the earlier.
    """

    what: T
    items: frozenset[I]
    sure: bool
    price: Decimal | None

    def brings(self, taken: frozenset[I]) -> int:
        """How many that are not taken, for certain."""
        if self.sure:
            return len(self.items - taken)
        return int(bool(self.items) and not self.items & taken)


def pick[T, I: Hashable](
    missing: int, taken: frozenset[I], offers: Sequence[Offer[T, I]]
) -> list[tuple[Offer[T, I], int]]:
    """Offers with how many each brings, the least price for each one new first.

    Together they bring no more than is missing, and fewer where there are no more.
    """
    chosen: list[Offer[T, I]] = []
    known, left = taken, missing
    while left > 0 and (best := _best(left, known, offers)):
        chosen.append(best)
        left -= best.brings(known)
        known |= best.items
    return _counted(missing, taken, _needed(missing, taken, chosen))


def _best[T, I: Hashable](
    missing: int, taken: frozenset[I], offers: Iterable[Offer[T, I]]
) -> Offer[T, I] | None:
    able = [
        (offer.price is None, (offer.price or Decimal(0)) / brings, place, offer)
        for place, offer in enumerate(offers)
        if (brings := min(offer.brings(taken), missing))
    ]
    return min(able, key=lambda one: one[:3])[3] if able else None


def _needed[T, I: Hashable](
    missing: int, taken: frozenset[I], chosen: list[Offer[T, I]]
) -> list[Offer[T, I]]:
    """Without those that later ones, which bring more at once, have made superfluous."""
    for offer in sorted(chosen, key=lambda one: (one.price is not None, -(one.price or 0))):
        others = [one for one in chosen if one is not offer]
        if sum(count for _, count in _counted(missing, taken, others)) >= missing:
            chosen = others
    return chosen


def _counted[T, I: Hashable](
    missing: int, taken: frozenset[I], chosen: Iterable[Offer[T, I]]
) -> list[tuple[Offer[T, I], int]]:
    found = []
    for offer in chosen:
        brings = min(offer.brings(taken), missing)
        found.append((offer, brings))
        missing -= brings
        taken |= offer.items
    return found
