"""What each verb of `manage.py upkeep` answers."""

from typing import Any

from django.utils import timezone

from airdrops_site.answers import Answer, table
from airdrops_site.models import Operation
from airdrops_site.operations import Outcome
from airdrops_site.people import shell_actor
from airdrops_site.upkeep.calendar import following
from airdrops_site.upkeep.running import due, run
from airdrops_site.upkeep.works import BY_NAME, WORKS

_CODES = {Outcome.SUCCEEDED: 0, Outcome.FINDINGS: 1, Outcome.UNKNOWN: 3}
_FAILED = 2


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
    """When each piece comes next."""
    now = timezone.now()
    waiting = {work.kind for work in due(now)}
    facts = []
    for work in WORKS:
        at = following(work.every, now)
        told = {"kind": work.kind.value, "every": work.every.value, "what": work.help}
        facts.append({**told, "due": work.kind in waiting, "next": at and at.isoformat()})
    rows = [
        (str(one["kind"]), str(one["every"]), "now" if one["due"] else str(one["next"] or "never"))
        for one in facts
    ]
    return Answer(facts, (table("Calendar (UTC)", ("Kind", "Every", "Next"), rows),))


def do(options: dict[str, Any]) -> tuple[Answer, int]:
    """One piece now; its findings a line each."""
    row = run(BY_NAME[options["kind"]], by=options["by"] or shell_actor())
    if row is None:
        return Answer({"outcome": None}, ("It left no record.",)), _FAILED
    facts = {"kind": row.kind, "outcome": row.outcome, "summary": row.summary} | row.figures
    lines = [f"- {one}" for one in row.figures.get("findings", [])]
    lines += [f"- unknown: {one}" for one in row.figures.get("unknown", [])]
    return Answer(facts, (row.summary, *lines)), _CODES.get(Outcome(row.outcome), _FAILED)
