"""`tasks list` and `tasks show`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet

from airdrops_site.answers import Answer, table
from airdrops_site.tasks_command.scope import Options, chosen, task_of
from scheduling.members import members_of
from scheduling.models import Run, Task
from scheduling.pauses import standing_pauses
from scheduling.schedule import in_words, next_due

_COLUMNS = ("Task", "Does", "Network", "When", "Enabled", "Next due", "Priority", "Wallets")
_RUN_COLUMNS = ("Run", "State", "Wallet", "Since", "Said")
_NEXT_TIMES = 5
_LAST_RUNS = 10


def show_all(options: Options) -> Answer:
    """Those that fit, with what they do and when."""
    rows = chosen(options)[: options["limit"]]
    counts = _own_wallets(rows)
    facts = [_facts(task, counts.get(task.pk, 0)) for task in rows]
    shown = table("Tasks", _COLUMNS, map(_texts, facts))
    return Answer(facts, (shown, *standing_pauses()))


def _own_wallets(rows: QuerySet[Task]) -> dict[int, int]:
    keys = [task.pk for task in rows]
    counted = Task.objects.filter(pk__in=keys).order_by().annotate(count=Count("task_wallets"))
    return dict(counted.values_list("pk", "count"))


def _facts(task: Task, wallets: int) -> dict[str, Any]:
    return {
        "task": task.name,
        "action": f"{task.protocol.slug}/{task.action}",
        "network": task.network.slug,
        "schedule": in_words(task),
        "enabled": task.enabled,
        "next_due": _moment(task.next_due_at),
        "priority": task.get_priority_display(),
        "wallets": wallets,
    }


def show_one(options: Options) -> Answer:
    """One: what it does, with which wallets, when next, what it did last, why it is held."""
    task = task_of(options["name"])
    members = members_of(task)
    runs = list(task.runs.select_related("wallet").order_by("-id")[:_LAST_RUNS])
    waits = [str(row.needs) for row in task.dependencies.select_related("needs")]
    facts = {
        **_facts(task, len(members)),
        "params": task.params,
        "misfire": task.misfire,
        "next_times": [_moment(due) for due in next_times(task)],
        "waits_for": waits,
        "paused": standing_pauses(),
        "members": [{"wallet": one.wallet.label, "params": dict(one.params)} for one in members],
        "runs": [_run_facts(run) for run in runs],
    }
    return Answer(facts, tuple(_lines(facts)))


def next_times(task: Task) -> list[datetime]:
    """The next few due times, as they would be if nothing were in the way."""
    found: list[datetime] = []
    due = task.next_due_at
    while due is not None and len(found) < _NEXT_TIMES:
        found.append(due)
        due = next_due(task, due)
    return found


def _run_facts(run: Run) -> dict[str, Any]:
    return {
        "run": run.pk,
        "state": run.state,
        "wallet": run.wallet.label,
        "since": _moment(run.state_changed_at),
        "detail": run.detail,
    }


def _lines(facts: dict[str, Any]) -> Sequence[Any]:
    on = "enabled" if facts["enabled"] else "disabled"
    wallets = ", ".join(one["wallet"] for one in facts["members"]) or "none"
    return [
        f"{facts['task']}: {facts['action']} on {facts['network']}, {on}",
        f"parameters: {facts['params']}",
        f"when: {facts['schedule']}; misfires: {facts['misfire']}; priority {facts['priority']}",
        f"next due: {', '.join(map(str, facts['next_times'])) or 'never'}",
        f"wallets ({facts['wallets']}): {wallets}",
        *([f"waits for: {', '.join(facts['waits_for'])}"] if facts["waits_for"] else []),
        *facts["paused"],
        table("Last runs", _RUN_COLUMNS, map(_texts, facts["runs"])),
    ]


def _moment(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC") if moment else None


def _texts(facts: dict[str, Any]) -> tuple[str, ...]:
    return tuple("" if value is None else str(value) for value in facts.values())
