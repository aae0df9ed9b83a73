"""Measures as plain values for programs, and as words for people."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from analytics.exposure import to_cents
from analytics.flows import Money
from analytics.portfolio.distribution import Distribution
from analytics.portfolio.values import Benchmark, Measure, Measures, Point
from scheduling.gates.figures import dollars
from wallets.prices import plain

SHARES = {
    "twr": "Time-weighted return",
    "mwr": "Money-weighted return of a year",
    "mwr_period": "Money-weighted return of the time",
    "volatility": "Volatility of a year",
    "max_drawdown": "Deepest fall",
    "current_drawdown": "Below its peak now",
}


def point(one: Point | None) -> dict[str, Any] | None:
    """Its moment, and US cents."""
    if one is None:
        return None
    return {"at": one.at.isoformat(), "cents": one.cents, "flow_cents": one.flow_cents}


def measure(one: Measure) -> dict[str, Any]:
    """Text: a number of JSON would be read as a float."""
    return {"value": None if one.value is None else plain(one.value), "problem": one.problem}


def money(one: Money) -> dict[str, Any]:
    """US dollars, to the last digit that is known."""
    return {"usd": None if one.dollars is None else plain(one.dollars), "problem": one.problem}


def measures(found: Measures) -> dict[str, Any]:
    """All of it."""
    fall = found.drawdown
    return {
        "start": found.start.isoformat(),
        "end": found.end.isoformat(),
        "opening": point(found.opening),
        "closing": point(found.closing),
        "flows": money(found.flows),
        "gain": money(found.gain),
        **{name: measure(getattr(found, name)) for name in (*SHARES, "sharpe")},
        "drawdown": fall
        and {
            "peak_at": fall.peak_at.isoformat(),
            "bottom_at": fall.bottom_at.isoformat(),
            "recovered_at": fall.recovered_at and fall.recovered_at.isoformat(),
            "longest_seconds": int(fall.longest.total_seconds()),
        },
        "daily_returns": found.returns,
        "unknown_days": [
            {"first": str(hole.first), "last": str(hole.last), "why": hole.why}
            for hole in found.holes
        ],
        "concentration": {name: measure(one) for name, one in found.hhi.items()},
        "benchmarks": [_benchmark(one) for one in found.benchmarks],
        "notes": list(found.notes),
    }


def _benchmark(one: Benchmark) -> dict[str, Any]:
    return {
        "symbol": one.symbol,
        "token": one.token,
        "twr": measure(one.twr),
        "worth": money(one.worth),
        "correlation": measure(one.correlation),
        "beta": measure(one.beta),
    }


def distribution(found: Distribution) -> dict[str, Any]:
    """Where all is; US cents, and shares as text."""
    return {
        "by": found.by,
        "at": found.at.isoformat(),
        "parts": [
            {
                "key": part.key,
                "name": part.name,
                "cents": part.cents,
                "share": None if part.share is None else plain(round(part.share, 10)),
            }
            for part in found.parts
        ],
        "unknown": list(found.unknown),
        "concentration": measure(found.hhi),
    }


def percent(share: Decimal | None) -> str:
    """A share as a person reads it."""
    return "unknown" if share is None else f"{share * 100:.2f} %"


def share(one: Measure) -> str:
    """The same of a measure, or why there is none."""
    return percent(one.value) if one.value is not None else f"unknown: {one.problem}"


def number(one: Measure) -> str:
    """A measure that is no share."""
    return f"{one.value:.2f}" if one.value is not None else f"unknown: {one.problem}"


def worth(one: Money) -> str:
    """Dollars as a person reads them, or why nobody knows them."""
    if one.dollars is None:
        return f"unknown: {one.problem}"
    return dollars(to_cents(one.dollars, "ROUND_HALF_EVEN"))


def cents(found: int | None) -> str:
    """US cents as a person reads them."""
    return "unknown" if found is None else dollars(found)


def measure_lines(found: Measures) -> Iterator[tuple[str, str]]:
    """Each measure with its name."""
    for title, at in (("At first", found.opening), ("At last", found.closing)):
        yield title, f"{cents(at.cents)} ({at.at:%Y-%m-%d %H:%M} UTC)" if at else "unknown"
    yield "From outside", worth(found.flows)
    yield "Gained", worth(found.gain)
    for name, title in SHARES.items():
        yield title, share(getattr(found, name))
    yield "Sharpe ratio", number(found.sharpe)
    if found.drawdown:
        back = found.drawdown.recovered_at
        days = found.drawdown.longest.total_seconds() / 86_400
        yield "Fell", f"{found.drawdown.peak_at:%Y-%m-%d} to {found.drawdown.bottom_at:%Y-%m-%d}"
        yield "Was back", f"{back:%Y-%m-%d}" if back else "not yet"
        yield "Longest below a peak", f"{days:.1f} days"
    for name, one in found.hhi.items():
        yield f"Concentration by {name}", number(one)


def benchmark_lines(found: Measures) -> Iterator[tuple[str, ...]]:
    """Each coin that might have been held instead."""
    for one in found.benchmarks:
        if not one.token:
            yield one.symbol, "–", share(one.twr), "–", "–", "–"
            continue
        figures = (share(one.twr), worth(one.worth), number(one.correlation), number(one.beta))
        yield one.symbol, one.token, *figures
