"""Where the wallets stand in a campaign's criteria, and what they miss most."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from analytics.reports.ask import TOLD, Ask
from analytics.reports.document import Section, Table
from analytics.reports.numbers import count
from analytics.reports.parts import part
from wallets.prices import plain

type Span = tuple[Decimal | None, Decimal | None]


def standing_section(ask: Ask) -> Section:
    """As of the newest evaluation; nothing where the campaign was never evaluated."""
    standing = part("analytics.criteria.standing", "standing")
    found = standing(campaign=ask.campaign) if standing else []
    if not found:
        return Section("standing", "Criteria")
    by_status = Counter(str(one.status) for one in found)
    facts = [count("evaluated", "Wallets evaluated", len(found))]
    facts += [count(f"status_{s}", f"Wallets {s}", n) for s, n in sorted(by_status.items())]
    return Section("standing", "Criteria", tuple(facts), (_rules(found), _wallets(found)))


def _rules(found: Iterable[Any]) -> Table:
    """How many wallets meet each rule."""
    met: dict[str, Counter[str]] = {}
    for one in found:
        for rule in one.rules:
            word = {True: "met", False: "missed"}.get(rule.get("met"), "unknown")
            met.setdefault(str(rule.get("rule", "")), Counter())[word] += 1
    rows = [
        (name, *(str(counts[word]) for word in ("met", "missed", "unknown")))
        for name, counts in met.items()
    ]
    columns = ("Rule", "Met", "Missed", "Unknown")
    return Table("rules", "Rules", columns, tuple(rows[:TOLD]), len(rows[TOLD:]))


def _wallets(found: list[Any]) -> Table:
    rows = tuple(
        (one.wallet.label, str(one.status), _span(one.points), _span(one.amount))
        for one in found[:TOLD]
    )
    columns = ("Wallet", "Status", "Points", "Amount")
    return Table("wallets", "Wallets", columns, rows, len(found[TOLD:]))


def _span(span: Span) -> str:
    """One number, or from and to; no end is told so."""
    low, high = (None if one is None else plain(one) for one in span)
    if low is None and high is None:
        return "unknown"
    return str(low) if low == high else f"{low or 0} to {high or 'no bound'}"
