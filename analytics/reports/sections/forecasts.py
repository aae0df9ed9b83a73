"""What may come: only where enough was observed, with an interval, and labelled as a forecast."""

from analytics.reports.ask import Ask
from analytics.reports.document import USD, Section, Table
from analytics.reports.forecast import COLUMNS, Forecast, doubt, told, too_few
from analytics.reports.periods import DAY
from analytics.reports.sections.fees import DAY_SECONDS, fees_by_day
from analytics.reports.sections.pending import claims_forecast
from analytics.reports.sections.runway import runways
from analytics.reports.statistics import sum_of_next

LEAST_DAYS, LEAST_WEEKS = 30, 8
DAYS_OF_WEEK, MOST_WEEKS = 7, 26
FEES = "Fees of the next 7 days"
NOTE = (
    "Forecasts are prediction intervals of level 95 %: right 19 times of 20 as long as things go "
    "on as they did. They are no promise."
)


def forecasts_section(ask: Ask) -> Section:
    """The intervals, and a sentence for what cannot be foretold."""
    return _section([fees_forecast(ask), *runways(ask), *claims_forecast(ask)])


def claims_section(ask: Ask) -> Section:
    """What a campaign's open claims may be worth."""
    return _section(claims_forecast(ask))


def _section(found: list[Forecast]) -> Section:
    if not found:
        return Section("forecasts", "Forecasts")
    lines = tuple(one.line for one in found if one.line)
    problems = tuple(one.problem for one in found if one.problem)
    table = Table("forecasts", "Forecasts", COLUMNS, lines)
    return Section("forecasts", "Forecasts", tables=(table,), notes=(NOTE, *problems))


def fees_forecast(ask: Ask) -> Forecast:
    """From whole weeks that end with the report where there are eight, else from thirty days."""
    days = _fees(ask)
    if isinstance(days, Forecast):
        return days
    whole = len(days) // DAYS_OF_WEEK
    if whole < LEAST_WEEKS and len(days) < LEAST_DAYS:
        return too_few(FEES, len(days), LEAST_DAYS, "days")
    if whole >= LEAST_WEEKS:
        newest = days[len(days) - whole * DAYS_OF_WEEK :]
        weeks = [sum(newest[n : n + DAYS_OF_WEEK]) for n in range(0, len(newest), DAYS_OF_WEEK)]
        found, coming, what = weeks, 1, "weeks"
    else:
        found, coming, what = days, DAYS_OF_WEEK, "days"
    method = f"mean of {what} with t-interval"
    refused = doubt(FEES, found)
    return refused or told(FEES, sum_of_next(found, coming), USD, len(found), method)


def _fees(ask: Ask) -> list[float] | Forecast:
    """US dollars of each whole day, the oldest first, from the first day that had any."""
    end = ask.until.replace(hour=0, minute=0, second=0, microsecond=0)
    last = int(end.timestamp()) // DAY_SECONDS
    known = fees_by_day(ask, end - MOST_WEEKS * DAYS_OF_WEEK * DAY)
    missing = sum(1 for value in known.values() if value is None)
    if missing:
        return Forecast(problem=f"{FEES}: no forecast, a price of {missing} days is unknown")
    first = min(known, default=last)
    return [float(known.get(day) or 0) for day in range(first, last)]
