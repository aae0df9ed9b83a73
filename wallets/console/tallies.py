"""How tallies are read by a person: what was counted, of what, and how much in which unit."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString

from wallets.amounts import show_amount
from wallets.chain.timings import BUCKETS, SECONDS
from wallets.console import show
from wallets.console.columns import column
from wallets.transactions.counting import FEES_NATIVE, FEES_USD, USD_DECIMALS

# The tally's own number is whole; so many decimals of it are behind the point.
_UNITS = {
    FEES_NATIVE: (18, "of the network's coin"),
    FEES_USD: (USD_DECIMALS, "USD"),
    SECONDS: (6, "s"),
}


def read_value(name: str, value: int) -> str:
    """`0.25 USD`, `1,234`."""
    if name not in _UNITS:
        return f"{value:,}"
    decimals, unit = _UNITS[name]
    return show_amount(value, decimals, unit)


def read_labels(name: str, labels: str) -> SafeString:
    """`network devnet-l1, outcome succeeded`; a bucket by the time it goes up to."""
    found: Mapping[str, Any] = json.loads(labels)
    told = [f"{label} {value}" for label, value in found.items() if label != "le"]
    if name == BUCKETS:
        told.append(_bucket(str(found["le"])))
    return show.text(", ".join(told) or "all")


def _bucket(bound: str) -> str:
    return "longer than all" if bound == "+Inf" else f"up to {Decimal(bound) * 1000:.0f} ms"


counted = column("Counted", lambda row: row.name.replace("_", " ").capitalize())
labels = column("Of", lambda row: read_labels(row.name, row.labels))
value = column("How much", lambda row: read_value(row.name, row.value))
