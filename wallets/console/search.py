"""What somebody pastes into a search box: a hash, an address, a number, or words."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from wallets.addresses import parse_address

_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_ID = re.compile(r"#?([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Exact:
    """The columns, all with an index, in which a pasted value is looked up as it is."""

    hashes: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()

    def lookup(self, term: str) -> Q | None:
        """How to find exactly this; None when it is only words."""
        if _HASH.fullmatch(term):
            return _any_of(self.hashes, term.lower())
        if _ADDRESS.fullmatch(term):
            return _any_of(self.addresses, parse_address(term.lower()))
        if found := _ID.fullmatch(term):
            return _any_of(self.ids, int(found[1]))
        return None


def _any_of(columns: Iterable[str], value: object) -> Q | None:
    found = Q()
    for column in columns:
        found |= Q((column, value))
    return found or None
