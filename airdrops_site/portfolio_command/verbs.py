"""What each verb of `manage.py portfolio` answers."""

from typing import Any

from airdrops_site.answers import Answer, BadInput, table
from airdrops_site.portfolio_command import facts
from airdrops_site.portfolio_command.period import period_of
from analytics.equity import record_point
from analytics.portfolio import distribution, measures, points

_POINTS = ("When (UTC)", "All is worth", "From outside since")
_BENCHMARKS = ("Instead", "Token", "Return", "The same money", "Correlation", "Beta")


def show(options: dict[str, Any]) -> Answer:
    """What all was worth, day by day or hour by hour."""
    asked = period_of(options)
    found = points(start=asked.start, end=asked.end, every=options["every"])
    if not found:
        raise BadInput("nothing was added up in that time; the workers do it, or `snapshot`")
    rows = [
        (f"{one.at:%Y-%m-%d %H:%M}", facts.cents(one.cents), facts.cents(one.flow_cents))
        for one in found
    ]
    return Answer([facts.point(one) for one in found], (table("Portfolio", _POINTS, rows),))


def measured(options: dict[str, Any]) -> Answer:
    """Returns, risk, concentration and benchmarks."""
    asked = period_of(options)
    names = options["benchmark"] or None
    found = measures(
        start=asked.start, end=asked.end, risk_free=options["risk_free"], benchmarks=names
    )
    shown: list[Any] = [table("Measures", ("What", "How much"), facts.measure_lines(found))]
    if found.benchmarks:
        shown.append(table("Benchmarks", _BENCHMARKS, facts.benchmark_lines(found)))
    shown += [f"Unknown {one.first} to {one.last}: {one.why}" for one in found.holes]
    shown += [f"Note: {note}." for note in found.notes]
    return Answer(facts.measures(found), tuple(shown))


def distributed(options: dict[str, Any]) -> Answer:
    """Where all is now."""
    found = distribution(options["by"])
    rows = [(part.name, facts.cents(part.cents), facts.percent(part.share)) for part in found.parts]
    title = f"By {found.by}, {found.at:%Y-%m-%d %H:%M} UTC"
    said = [f"Unknown: {sentence}" for sentence in found.unknown]
    said.append(f"Concentration (HHI): {facts.number(found.hhi)}")
    columns = (found.by.title(), "Worth", "Share")
    return Answer(facts.distribution(found), (table(title, columns, rows), *said))


def snapshot(_options: dict[str, Any]) -> Answer:
    """Add all up now and keep it."""
    row = record_point()
    told = {"at": row.at.isoformat(), "cents": row.cents, "problem": row.problem}
    worth = facts.cents(row.cents) + (f": {row.problem}" if row.problem else "")
    return Answer(told, (f"All is worth {worth}",))
