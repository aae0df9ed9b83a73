"""What the report's sums lack, each said once."""

from analytics.reports.ask import TOLD, Ask
from analytics.reports.document import Section
from analytics.reports.numbers import count


def unknown_section(ask: Ask) -> Section:
    """Asked last: every section before it has noted the prices it missed."""
    found = list(ask.unpriced)
    more = (f"and {len(found) - TOLD} more",) if len(found) > TOLD else ()
    return Section(
        "unknown",
        "Unknown prices",
        (count("prices", "Prices that were not stored", len(found)),),
        notes=(*found[:TOLD], *more),
    )
