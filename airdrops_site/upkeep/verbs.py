"""What each verb of `manage.py upkeep` answers."""

from typing import Any

from airdrops_site.answers import Answer, table
from airdrops_site.models import Operation
from airdrops_site.operations import Outcome
from airdrops_site.people import shell_actor
from airdrops_site.upkeep.planned import planned
from airdrops_site.upkeep.running import run
from airdrops_site.upkeep.works import BY_NAME, WORKS

_CODES = {Outcome.SUCCEEDED: 0, Outcome.FINDINGS: 1, Outcome.UNKNOWN: 3}
_FAILED = 2
_MINUTE = "%Y-%m-%d %H:%M"


def listed(_options: dict[str, Any]) -> Answer:
    """Each piece with its newest result."""
    facts = [_facts(work.kind.value) for work in WORKS]
    rows = [(str(one["kind"]), str(one["outcome"] or "–"), str(one["summary"])) for one in facts]
    return Answer(facts, (table("Upkeep", ("Kind", "Last outcome", "What came out"), rows),))


def _facts(kind: str) -> dict[str, Any]:
    row = Operation.objects.filter(kind=kind).order_by("-started_at").first()
    if row is None:
        return {"kind": kind, "outcome": None, "summary": "not done yet", "started_at": None}
    began = row.started_at.isoformat()
    return {"kind": kind, "outcome": row.outcome, "summary": row.summary, "started_at": began}


def calendar(_options: dict[str, Any]) -> Answer:
    """When each piece was last done and comes next."""
    entries = planned()
    facts = [
        {
            "kind": one.work.kind.value,
            "every": one.work.every.value,
            "what": one.work.help,
            "due": one.due,
            "next": one.next and one.next.isoformat(),
            "last": one.last and one.last.started_at.isoformat(),
            "outcome": one.last and one.last.outcome,
        }
        for one in entries
    ]
    rows = [
        (
            one.work.kind.value,
            one.work.every.value,
            f"{one.last.started_at:{_MINUTE}}, {one.last.outcome}" if one.last else "not yet",
            "now" if one.due else f"{one.next:{_MINUTE}}" if one.next else "never",
        )
        for one in entries
    ]
    return Answer(facts, (table("Calendar (UTC)", ("Kind", "Every", "Last", "Next"), rows),))


def do(options: dict[str, Any]) -> tuple[Answer, int]:
    """One piece now; its findings a line each."""
    row = run(BY_NAME[options["kind"]], by=options["by"] or shell_actor())
    if row is None:
        return Answer({"outcome": None}, ("It left no record.",)), _FAILED
    facts = {"kind": row.kind, "outcome": row.outcome, "summary": row.summary} | row.figures
    lines = [f"- {one}" for one in row.figures.get("findings", [])]
    lines += [f"- unknown: {one}" for one in row.figures.get("unknown", [])]
    return Answer(facts, (row.summary, *lines)), _CODES.get(Outcome(row.outcome), _FAILED)
