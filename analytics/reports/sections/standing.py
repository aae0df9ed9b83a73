"""Where the wallets stand in a campaign's criteria, and what they miss most."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

from analytics.criteria.standing import Standing, standing
from analytics.criteria.words import range_text
from analytics.reports.ask import TOLD, Ask
from analytics.reports.document import Section, Table
from analytics.reports.numbers import count

# None is unknown.
_WORDS: dict[object, str] = {True: "met", False: "missed"}

type Span = tuple[Decimal | None, Decimal | None]


def standing_section(ask: Ask) -> Section:
    """As of the newest evaluation; nothing where the campaign was never evaluated."""
    found = standing(campaign=ask.campaign)
    if not found:
        return Section("standing", "Criteria")
    by_status = Counter(str(one.status) for one in found)
    facts = [count("evaluated", "Wallets evaluated", len(found))]
    facts += [count(f"status_{s}", f"Wallets {s}", n) for s, n in sorted(by_status.items())]
    return Section("standing", "Criteria", tuple(facts), (_rules(found), _wallets(found)))


def _rules(found: Iterable[Standing]) -> Table:
    """How many wallets meet each rule."""
    met: dict[str, Counter[str]] = {}
    for one in found:
        for rule in one.rules:
            word = _WORDS.get(rule.get("met"), "unknown")
            met.setdefault(str(rule.get("rule", "")), Counter())[word] += 1
    rows = [
        (name, *(str(counts[word]) for word in ("met", "missed", "unknown")))
        for name, counts in met.items()
    ]
    columns = ("Rule", "Met", "Missed", "Unknown")
    return Table("rules", "Rules", columns, tuple(rows[:TOLD]), len(rows[TOLD:]))


def _wallets(found: list[Standing]) -> Table:
    rows = tuple(
        (one.wallet.label, str(one.status), _span(one.points), _span(one.amount))
        for one in found[:TOLD]
    )
    columns = ("Wallet", "Status", "Points", "Amount")
    return Table("wallets", "Wallets", columns, rows, len(found[TOLD:]))


def _span(span: Span) -> str:
    """As the console tells it; a dash where the rules count none."""
    return range_text(*span) or "–"
