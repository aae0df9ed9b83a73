"""What all parts of a page are read with: one moment, and the tallies as they are then."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from wallets import tallies
from wallets.models import Network, Token

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Scrape:
    """Read once for a page."""

    now: datetime
    networks: tuple[str, ...]
    # By network: what its coin's base units are to be divided by, as a power of ten.
    decimals: Mapping[str, int]
    _counted: Mapping[str, list[tuple[dict[str, str], int]]] = field(repr=False)

    @classmethod
    def at(cls, now: datetime) -> "Scrape":
        """Four questions."""
        counted: dict[str, list[tuple[dict[str, str], int]]] = {}
        for (name, labels), value in tallies.values().items():
            counted.setdefault(name, []).append((dict(labels), value))
        coins = Token.objects.filter(address="").order_by()
        return cls(
            now,
            tuple(Network.objects.order_by("slug").values_list("slug", flat=True)),
            dict(coins.values_list("network__slug", "decimals")),
            counted,
        )

    def counted(self, name: str) -> Iterator[tuple[dict[str, str], int]]:
        """Labels and value of each tally of the name."""
        return iter(self._counted.get(name, ()))
