"""The checks of the clusters of workers and of the scheduler that lives in them."""

import shlex
from datetime import timedelta

from django.db.models import Count, Min

from airdrops_site.health.component import Component, Severity
from airdrops_site.health.survey import Survey
from scheduling.models import Pause, Run, Task
from scheduling.pauses import PAUSED, Standing, scope_text, sentence, standing, undispatched
from scheduling.states import UNFINISHED_RUN
from wallets import clusters
from wallets.models import Lease, WorkerCluster

# The pulse asks for due tasks every second; one that waits this long is not being looked at.
BEHIND_AFTER = timedelta(minutes=1)
_START = "start workers with `manage.py qcluster` and read their log"


def look_at_workers(survey: Survey) -> Component:
    """Whether a cluster has shown a heartbeat lately; workers write it while doing real work."""
    alive = [row for row in survey.clusters if survey.is_recent(row.beat_at)]
    stale = [row for row in survey.clusters if not survey.is_recent(row.beat_at or row.started_at)]
    status = workers_status(survey)
    problems = [
        f"The workers of {row} have shown no heartbeat for {_since(survey, row)}; {_START}."
        for row in stale
    ]
    if status == "stopped":
        problems.append(f"No workers are running; {_START}.")
    several = clusters.several_hosts()
    if several:
        problems.insert(0, f"{several}.")
    details = [
        {
            "host": row.host,
            "pid": row.pid,
            "heartbeat_age_seconds": round(survey.age(row.beat_at), 1) if row.beat_at else None,
        }
        for row in survey.clusters
    ]
    return Component(
        {"status": status, "alive": len(alive)},
        max(
            _SEVERITY[status],
            Severity.DEGRADED if stale else Severity.HEALTHY,
            Severity.UNHEALTHY if several else Severity.HEALTHY,
        ),
        {"clusters": details},
        tuple(problems),
    )


def _since(survey: Survey, row: WorkerCluster) -> str:
    return f"{survey.age(row.beat_at or row.started_at):.0f} s"


def workers_status(survey: Survey) -> str:
    """running, starting (none has beaten yet), stale (they were killed or wedged) or stopped."""
    if any(survey.is_recent(row.beat_at) for row in survey.clusters):
        return "running"
    if any(row.beat_at is None and survey.is_recent(row.started_at) for row in survey.clusters):
        return "starting"
    return "stale" if survey.clusters else "stopped"


_SEVERITY = {
    "running": Severity.HEALTHY,
    "starting": Severity.DEGRADED,
    "behind": Severity.DEGRADED,
    "draining": Severity.DEGRADED,
    "paused": Severity.DEGRADED,
    "partly_paused": Severity.DEGRADED,
    "stale": Severity.UNHEALTHY,
    "stopped": Severity.UNHEALTHY,
}


def look_at_scheduler(survey: Survey) -> Component:
    """Whether due tasks are turned into runs.

    `tasks_queued` is what is due and not finished: runs that are pending, held or running, and
    tasks whose due time has passed without a run.
    """
    runs = dict(
        Run.objects.filter(state__in=UNFINISHED_RUN)
        .order_by()
        .values_list("state")
        .annotate(count=Count("pk"))
    )
    late = Task.objects.filter(~undispatched(), enabled=True, next_due_at__lte=survey.now)
    due = late.aggregate(count=Count("pk"), oldest=Min("next_due_at"))
    rest = standing()
    waiting = survey.age(due["oldest"]) if due["oldest"] else 0.0
    status = _scheduler_status(survey, waiting, rest)
    severity = max(_SEVERITY[status], Severity.DEGRADED if rest.told else Severity.HEALTHY)
    return Component(
        {"status": status, "tasks_queued": sum(runs.values()) + due["count"]},
        severity,
        {
            "runs": runs,
            "tasks_due": due["count"],
            "oldest_due_seconds": round(waiting, 1),
            "paused": rest.told,
        },
        (*_scheduler_problems(status, waiting), *_rest_problems(rest)),
    )


def _scheduler_status(survey: Survey, waiting: float, rest: Standing) -> str:
    workers = workers_status(survey)
    if workers != "running":
        return workers
    # The lease runs ahead of the last beat by its own few seconds.
    pulse = Lease.objects.filter(pk="pulse").values_list("expires_at", flat=True).first()
    if not survey.is_recent(pulse):
        return "stale"
    if waiting > BEHIND_AFTER.total_seconds():
        return "behind"
    return rest.word or "running"


def _scheduler_problems(status: str, waiting: float) -> tuple[str, ...]:
    if status == "behind":
        return (f"A due task has waited {waiting:.0f} s; look at the workers' log and the queue.",)
    if status == "stale":
        return (f"No pulse asks for due tasks; {_START}.",)
    return ()


def _rest_problems(rest: Standing) -> list[str]:
    """What rests by a person's word, and the command that ends it."""
    found = [
        f'{sentence(one)}; `manage.py tasks resume {_typed(one)} --reason "…"` ends it.'
        for one in rest.pauses
    ]
    if rest.restored:
        ends = "`manage.py resume_state --check` says what is open before it may end"
        found.insert(0, f"{PAUSED}{rest.restored}; {ends}.")
    if rest.drain:
        found.insert(0, f"{rest.drain}; {_DRAINS}.")
    return found


def _typed(pause: Pause) -> str:
    """Its scope as a shell takes it; a task's name may have spaces."""
    value = pause.scope_value
    return scope_text(pause.scope_kind, shlex.quote(value) if value else "")


_DRAINS = (
    "nothing new begins, and what is signed is seen to its end; `manage.py drain stop --reason "
    '"…"` ends it'
)
