"""What each verb of `manage.py rollups` answers."""

import sys
from dataclasses import asdict
from datetime import timedelta
from itertools import islice
from typing import Any

from airdrops_site.answers import Answer, BadInput, table
from analytics.models import RollupMark
from analytics.rollups.cleaning import clean
from analytics.rollups.running import roll_up
from analytics.rollups.turns import turn
from analytics.rollups.verifying import verify

# Longer than a person's backlog takes a day of; it is given back at the end.
TURN = timedelta(minutes=10)
MOST_SHOWN = 50


def _tell(line: str) -> None:
    """Progress goes to standard error: standard output is for what was asked."""
    sys.stderr.write(f"{line}\n")


def status(_options: dict[str, Any]) -> Answer:
    """How far each metric is, and until when its rows were cleaned."""
    found = [
        {
            "metric": mark.metric,
            "done_until": mark.done_until and mark.done_until.isoformat(),
            "cleaned_until": mark.cleaned_until and mark.cleaned_until.isoformat(),
        }
        for mark in RollupMark.objects.all()
    ]
    columns = ("Metric", "Added up until", "Cleaned until")
    rows = [(str(one["metric"]), *(str(one[name] or "–") for name in _TIMES)) for one in found]
    return Answer(found, (table("Rollups", columns, rows),))


_TIMES = ("done_until", "cleaned_until")


def run(options: dict[str, Any]) -> Answer:
    """All hours that have ended, and again what has changed."""
    with turn(TURN):
        done = roll_up(metrics=options["metric"] or None, progress=_tell)
    said = f"{done.new} hours and days were added up, {done.again} again because rows had changed."
    return Answer({"new": done.new, "again": done.again}, (said,))


def check(options: dict[str, Any]) -> tuple[Answer, int]:
    """Compare with the rows that are left; with --repair what differs is made right."""
    repair = options["repair"]
    with turn(TURN):
        every = verify(metrics=options["metric"] or None, repair=repair, progress=_tell)
        found = list(islice(every, MOST_SHOWN))
        more = sum(1 for _ in every)
    facts = {
        "differences": len(found) + more,
        "repaired": repair and bool(found),
        "shown": [{**asdict(one), "starts_at": one.starts_at.isoformat()} for one in found],
    }
    lines = [f"{one.metric} of the {one.period} of {one.starts_at:%Y-%m-%d %H:%M}" for one in found]
    if more:
        lines.append(f"and {more} more")
    end = "they are right now" if repair else "`rollups verify --repair` makes them right"
    lines.append(f"{len(found) + more} sums differ; {end}." if found else "All sums are right.")
    return Answer(_plain(facts), tuple(lines)), 1 if found and not repair else 0


def _plain(facts: Any) -> Any:
    """Moments as text, whole numbers too: they have more digits than a float."""
    if isinstance(facts, dict):
        return {name: _plain(one) for name, one in facts.items()}
    if isinstance(facts, list | tuple):
        return [_plain(one) for one in facts]
    if isinstance(facts, int) and not isinstance(facts, bool) and abs(facts) >= 2**53:
        return str(facts)
    return facts.isoformat() if hasattr(facts, "isoformat") else facts


def remove(options: dict[str, Any]) -> Answer:
    """Delete old readings of which sums are kept."""
    days, dry_run = options["keep_days"], options["dry_run"]
    if days is not None and not 8 <= days <= 36_500:
        raise BadInput(f"--keep-days {days} is not 8 to 36500; gates look back a week")
    with turn(TURN):
        found = clean(keep_days=days, dry_run=dry_run, progress=_tell)
    facts = [
        {"table": one.table, "rows": one.rows, "mended": one.mended, "until": one.until}
        for one in found
    ]
    columns = ("Table", "Would go" if dry_run else "Gone", "Sums mended", "Cleaned until")
    rows = [
        (one.table, str(one.rows), str(one.mended), f"{one.until:%Y-%m-%d}" if one.until else "–")
        for one in found
    ]
    return Answer(_plain(facts), (table("Old readings", columns, rows),))
