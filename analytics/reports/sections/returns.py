"""What was earned: by cost basis where a price is known, and the measures of the portfolio."""

from collections.abc import Sequence
from decimal import Decimal, localcontext

from analytics.basis.book import read_period
from analytics.flows import Money
from analytics.reports.ask import TOLD, TOO_LONG, Ask
from analytics.reports.document import USD, Fact, Section, Table
from analytics.reports.numbers import dollars, percent_of, usd
from analytics.roi import RoiLine, midnight_of, roi_of
from analytics.selectors import valid_entries
from wallets.amounts import DIGITS

UNKNOWN = "unknown"
COLUMNS = ("Protocol", "Invested", "Costs", "Income", "Realised", "Unrealised", "Return %")
SUMS = ("costs", "income", "realised", "unrealised")


def returns_section(ask: Ask) -> Section:
    """Sums over all networks, and a line for each protocol."""
    if ask.is_too_long(valid_entries().filter(occurred_at__lt=ask.until)):
        unknown = (dollars(name, name.capitalize(), None, TOO_LONG) for name in SUMS)
        return Section("returns", "Returns", tuple(unknown))
    # Read once for both.
    book = read_period("fifo", midnight_of(ask.start), ask.until)
    whole = roi_of(book, by="network", start=ask.start, end=ask.until)
    lines = roi_of(book, by="protocol", start=ask.start, end=ask.until)
    facts = [_sum(name, [getattr(line, name) for line in whole]) for name in SUMS]
    problems = dict.fromkeys(one for line in whole for one in line.problems)
    table = Table("roi", f"Return by protocol, {USD}", COLUMNS, *_rows(lines))
    return Section("returns", "Returns", tuple(facts), (table,), notes=tuple(problems)[:TOLD])


def _rows(lines: Sequence[RoiLine]) -> tuple[tuple[tuple[str, ...], ...], int]:
    rows = tuple(
        (line.key, *map(_text, _moneys(line)), percent_of(line.ratio)) for line in lines[:TOLD]
    )
    return rows, len(lines[TOLD:])


def _moneys(line: RoiLine) -> tuple[Money, ...]:
    return (line.invested, line.costs, line.income, line.realised, line.unrealised)


def _text(found: Money) -> str:
    return UNKNOWN if found.dollars is None else usd(found.dollars)


def _sum(name: str, found: list[Money]) -> Fact:
    unknown = next((one for one in found if one.dollars is None), None)
    if unknown is not None:
        return dollars(name, name.capitalize(), None, unknown.problem)
    with localcontext(prec=2 * DIGITS):
        total = sum((one.dollars for one in found if one.dollars is not None), Decimal(0))
    return dollars(name, name.capitalize(), total)
