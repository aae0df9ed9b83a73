"""Who takes signed requests. A venue is asked outside every database transaction."""

from dataclasses import dataclass
from typing import Any, Protocol

from wallets.models import SignedRequest


@dataclass(frozen=True, slots=True)
class VenueAnswer:
    """What a venue says became of a request: JSON for the record, a sentence for a person."""

    accepted: bool
    body: Any = None
    sentence: str = ""


class VenueUnknown(Exception):
    """No usable answer: a time-out, a broken connection, a page, a 5xx. It may have been done."""


class Venue(Protocol):
    """One exchange or service, spoken to with our client ids."""

    @property
    def refuses_doubles(self) -> bool:
        """Whether it does one client id once, however often the same bytes come.

        Only then are they ever sent a second time.
        """
        ...

    def send(self, request: SignedRequest) -> VenueAnswer:
        """Give it the stored signature; the same row always makes the same bytes.

        VenueUnknown unless the venue itself said yes or no. Nothing is repeated inside.
        """
        ...

    def find(self, request: SignedRequest) -> VenueAnswer | None:
        """What it knows of the client id; None only where it says that it knows nothing of it."""
        ...


_venues: dict[str, Venue] = {}


def register_venue(protocol: str, venue: Venue) -> None:
    """Make a protocol's venue known; the same name replaces."""
    _venues[protocol] = venue


def find_venue(protocol: str) -> Venue | None:
    """The protocol's venue; None where signatures are used on chain and sent nowhere."""
    return _venues.get(protocol)
