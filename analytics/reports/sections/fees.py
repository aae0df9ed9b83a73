"""What was paid in fees, in coins and in US dollars of the time."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import F

from analytics.models import LedgerEntry
from analytics.reports.ask import TOLD, Ask
from analytics.reports.document import USD, Chart, ChartKind, Section, Table
from analytics.reports.numbers import dollars, usd
from analytics.reports.periods import DAY
from analytics.reports.priced import Priced, Slot, priced, slot_start
from wallets.amounts import show_amount

DAYS_SHOWN = 14
DAY_SECONDS = 86_400
UNKNOWN = "unknown"


def fees_section(ask: Ask) -> Section:
    """By coin and by protocol; a bar for each of the last days."""
    fees = ask.entries().filter(kind=LedgerEntry.Kind.FEE)
    found = priced(fees, "transaction__protocol")
    ask.note_unpriced(found.problems())
    total = found.total
    return Section(
        "fees",
        "Fees",
        (dollars("fees", "Fees", total.dollars, total.problem(found.tokens)),),
        (_by_coin(found), _by_protocol(found)),
        (_by_day(ask),),
    )


def _by_coin(found: Priced) -> Table:
    """Every coin with what it was worth together."""
    total = found.total
    rows = [
        (
            str(found.tokens[pk]),
            show_amount(amount, found.tokens[pk].decimals),
            UNKNOWN if pk in total.unpriced else usd(total.by_token[pk]),
        )
        for pk, amount in total.amounts.items()
    ]
    return Table("by_coin", "Fees by coin", ("Coin", "Amount", USD), tuple(sorted(rows)))


def _by_protocol(found: Priced) -> Table:
    rows = [
        (str(protocol or "–"), UNKNOWN if worth.dollars is None else usd(worth.dollars))
        for (protocol,), worth in found.by.items()
    ]
    rows.sort()
    columns = ("Protocol", USD)
    return Table("by_protocol", "Fees by protocol", columns, tuple(rows[:TOLD]), len(rows[TOLD:]))


def _by_day(ask: Ask) -> Chart:
    last = ask.until - timedelta(microseconds=1)
    first = last.replace(hour=0, minute=0, second=0, microsecond=0) - (DAYS_SHOWN - 1) * DAY
    known = fees_by_day(ask, first)
    days = [int(first.timestamp()) // DAY_SECONDS + n for n in range(DAYS_SHOWN)]
    values = (known.get(day, Decimal(0)) for day in days)
    return Chart(
        "fees_by_day",
        ChartKind.BARS,
        "Fees by day (UTC)",
        USD,
        tuple(f"{slot_start(day, DAY_SECONDS):%m-%d}" for day in days),
        tuple(None if value is None else usd(value) for value in values),
    )


def fees_by_day(ask: Ask, first: datetime) -> dict[int, Decimal | None]:
    """US dollars by day, counted from 1970; None where a price is missing."""
    fees = ask.entries(first).filter(kind=LedgerEntry.Kind.FEE)
    found = priced(fees.annotate(day=Slot(F("occurred_at"), DAY_SECONDS)), "day")
    ask.note_unpriced(found.problems())
    return {day: worth.dollars for (day,), worth in found.by.items()}
