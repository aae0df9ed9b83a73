"""Policies, runs and rebalances as tables and as JSON."""

from collections.abc import Iterable
from typing import Any

from airdrops_site.answers import Answer, table
from analytics.allocation.charts import bars_of
from analytics.allocation.selectors import latest_runs
from analytics.models import AllocationPolicy, AllocationRun, Rebalance, RebalanceEvent
from scheduling.gates.figures import dollars

_LINES = ("Bucket", "Now", "Share", "Target", "Share", "To move")
_MOVES = ("From", "To", "Amount", "Costs", "Steps")


def listed(policies: Iterable[AllocationPolicy]) -> Answer:
    """A line each; two questions beside that for the policies."""
    runs = {run.policy_id: run for run in latest_runs()}
    open_rows = Rebalance.objects.filter(state__in=("proposed", "approved"))
    open_ones = dict(open_rows.values_list("policy", "pk"))
    facts = [_listed(one, runs.get(one.pk), open_ones.get(one.pk)) for one in policies]
    rows = (tuple("" if value is None else str(value) for value in one.values()) for one in facts)
    columns = ("Policy", "Method", "Enabled", "Buckets", "Computed", "Stands", "Open rebalance")
    return Answer(facts, (table("Allocation policies", columns, rows),))


def _listed(
    policy: AllocationPolicy, run: AllocationRun | None, rebalance: int | None
) -> dict[str, Any]:
    return {
        "policy": policy.name,
        "method": policy.method,
        "enabled": policy.enabled,
        "buckets": ", ".join(map(str, policy.buckets.all())),
        "computed_at": run.at.isoformat() if run else None,
        "stands": (run.problem or run.status) if run else None,
        "open_rebalance": rebalance,
    }


def run_in_full(run: AllocationRun) -> Answer:
    """Now and target, and what to know about it."""
    facts = {
        "policy": run.policy.name,
        "run": run.pk,
        "at": run.at.isoformat(),
        "status": run.status,
        "problem": run.problem,
        "total_cents": run.total_cents,
        "level": run.level,
        "solver": run.solver,
        "digest": run.digest,
        "lines": run.lines,
        "problems": run.problems,
    }
    if run.problem:
        return Answer(facts, (f"{run.policy}: {run.problem}",))
    rows = (
        (one.name, one.current, one.current_share, one.target, one.target_share, one.difference)
        for one in bars_of(run.lines)
    )
    kept = f"run {run.pk}" if run.pk else "tried, nothing was written"
    said = f"{run.policy} at {run.at:%Y-%m-%d %H:%M} UTC ({kept}), by {run.solver}"
    return Answer(facts, (said, table("Now and target", _LINES, rows), *run.problems))


def rebalance_in_full(row: Rebalance) -> Answer:
    """Its moves as they are to be approved, and what became of it."""
    event = RebalanceEvent.objects.filter(rebalance=row).first() if row.pk else None
    tasks = list(row.tasks.order_by("pk").values_list("name", flat=True)) if row.pk else []
    facts = {
        "rebalance": row.pk,
        "policy": row.policy.name,
        "state": row.state,
        "detail": row.detail,
        "cost_cents": row.cost_cents,
        "benefit_cents": row.benefit_cents,
        "moves": row.moves,
        "without_route": row.without_route,
        "second_person": row.second_person,
        "expires_at": row.expires_at.isoformat(),
        "made_by": row.created_from,
        "approved_by": str(row.approved_by) if row.approved_by else None,
        "tasks": tasks,
        "event": _event(event),
    }
    return Answer(facts, tuple(_words(row, tasks, event)))


def _words(row: Rebalance, tasks: list[str], event: RebalanceEvent | None) -> Iterable[Any]:
    named = str(row) if row.pk else f"Tried for {row.policy}, nothing was written"
    yield f"{named}: {row.state}. {row.detail}".rstrip()
    benefit = "unknown" if row.benefit_cents is None else dollars(row.benefit_cents)
    cost = "unknown" if row.cost_cents is None else dollars(row.cost_cents)
    yield f"It costs {cost} and brings {benefit} within {row.policy.horizon_days} days."
    yield table("Moves", _MOVES, map(_move, row.moves))
    yield from (f"Not part of it: {one}" for one in row.without_route)
    yield from (f"A second person approves it: {one}." for one in row.second_person)
    yield from (f"Task: {one}" for one in tasks)
    if event is not None:
        yield _ended(event)


def _move(one: dict[str, Any]) -> tuple[str, ...]:
    steps = "\n".join(leg["words"] for leg in one["legs"])
    return one["from"], one["to"], dollars(one["cents"]), dollars(one["cost_cents"]), steps


def _ended(event: RebalanceEvent) -> str:
    if event.ended_at is None:
        return "Its tasks are under way."
    cents = event.actual_cost_cents
    really = f"unknown: {event.cost_problem}" if cents is None else dollars(cents)
    return f"Planned cost {dollars(event.planned_cost_cents)}, real cost {really}."


def _event(event: RebalanceEvent | None) -> dict[str, Any] | None:
    if event is None:
        return None
    return {
        "began_at": event.began_at.isoformat(),
        "ended_at": event.ended_at.isoformat() if event.ended_at else None,
        "before": event.before,
        "after": event.after,
        "after_problem": event.after_problem,
        "planned_cost_cents": event.planned_cost_cents,
        "actual_cost_cents": event.actual_cost_cents,
        "cost_problem": event.cost_problem,
    }
