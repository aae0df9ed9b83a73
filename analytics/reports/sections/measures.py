"""How well all of it did, over more time than the report's own: returns, risk, benchmarks."""

from analytics.portfolio import Measure, measures
from analytics.reports.ask import Ask
from analytics.reports.document import Fact, Section, Table
from analytics.reports.numbers import percent_of
from analytics.reports.periods import DAY, Kind

SHARES = (
    ("twr", "Time-weighted return"),
    ("mwr_period", "Money-weighted return"),
    ("volatility", "Volatility a year"),
    ("max_drawdown", "Deepest fall"),
)
COLUMNS = ("Instead", "Return %", "Correlation", "Beta")


def measures_section(ask: Ask) -> Section:
    """Of the 30 days up to the end of a day's report, of the 90 up to that of a week's."""
    days = 30 if ask.period.kind == Kind.DAILY else 90
    found = measures(start=ask.until - days * DAY, end=ask.until)
    facts = [_share(key, f"{label}, {days} days", getattr(found, key)) for key, label in SHARES]
    facts.append(_plain("sharpe", f"Sharpe ratio, {days} days", found.sharpe))
    facts += [
        _plain(f"hhi_{by}", f"Concentration by {by} (HHI)", one) for by, one in found.hhi.items()
    ]
    rows = tuple(
        (one.symbol, percent_of(one.twr.value), _text(one.correlation), _text(one.beta))
        for one in found.benchmarks
    )
    table = Table("benchmarks", "Benchmarks", COLUMNS, rows)
    return Section("measures", "Portfolio", tuple(facts), (table,), notes=found.notes)


def _share(key: str, label: str, found: Measure) -> Fact:
    value = "" if found.value is None else percent_of(found.value)
    return Fact(key, label, value, "%", found.problem)


def _plain(key: str, label: str, found: Measure) -> Fact:
    return Fact(key, label, "" if found.value is None else f"{found.value:.4f}", "", found.problem)


def _text(found: Measure) -> str:
    return "unknown" if found.value is None else f"{found.value:.4f}"
