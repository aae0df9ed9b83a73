"""Disposals as IRS Form 8949 lists them: one line a lot, short-term and long-term."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

from analytics.basis.book import between
from analytics.basis.engine import Disposal, Engine
from analytics.basis.entries import read_causes, read_entries
from analytics.exports.cells import Cell, amount_of, csv_of, worth_of
from analytics.exports.wanted import Names, Wanted
from wallets.prices import plain

COLUMNS = (
    "Description of property",
    "Date acquired",
    "Date sold or disposed of",
    "Proceeds",
    "Cost or other basis",
    "Code",
    "Adjustment",
    "Gain or (loss)",
    "Term",
    "Wallet",
    "Network",
    "Disposed of by",
    "Campaign",
    "Transaction",
)


def as_csv(wanted: Wanted) -> Iterator[bytes]:
    """With a header; what is unknown is empty, and so is the gain then."""
    return csv_of(COLUMNS, rows(wanted))


def rows(wanted: Wanted) -> Iterator[Sequence[Cell]]:
    """The lots are followed from the first entry of all, whatever is asked for."""
    names, told = Names(), list[Disposal]()
    engine = Engine(wanted.method, on_disposal=told.append)
    for cause in read_causes(read_entries(between(None, wanted.end))):
        engine.apply(cause)
        engine.days.clear()
        yield from (_row(one, names) for one in told if wanted.holds(one.entry))
        told.clear()


def _row(one: Disposal, names: Names) -> Sequence[Cell]:
    entry = one.entry
    proceeds, cost = worth_of(one.proceeds), worth_of(one.cost)
    known = proceeds is not None and cost is not None
    acquired = datetime.fromtimestamp(one.acquired, UTC).date() if one.acquired else None
    amount = plain(amount_of(one.amount, entry.token.decimals))
    return (
        f"{amount} {entry.token.symbol}",
        _day(acquired),
        _day(entry.at.date()),
        proceeds,
        cost,
        "",
        "",
        worth_of((one.proceeds or 0) - (one.cost or 0)) if known else None,
        term(acquired, entry.at.date()),
        names.wallets[entry.wallet][0],
        entry.token.network.slug,
        entry.account,
        names.campaigns.get(one.campaign or 0, ""),
        entry.hash,
    )


def term(acquired: date | None, sold: date) -> str:
    """Long is more than a year, counted from the day after (IRS Topic 409); empty is unknown."""
    if acquired is None:
        return ""
    begins = acquired + timedelta(days=1)
    try:
        year_later = begins.replace(year=begins.year + 1)
    except ValueError:  # begun on a leap day
        year_later = date(begins.year + 1, 3, 1)
    return "long" if sold >= year_later else "short"


def _day(day: date | None) -> str:
    return "" if day is None else f"{day:%m/%d/%Y}"
