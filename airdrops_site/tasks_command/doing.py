"""The verbs of `tasks` that change something: each asks one service."""

import sys
from collections.abc import Iterable, Iterator
from typing import Any

from airdrops_site.answers import Answer, BadInput, table
from airdrops_site.people import shell_actor
from airdrops_site.tasks_command.scope import (
    Options,
    chosen,
    failed_runs,
    labels_of,
    named,
    task_of,
)
from scheduling.models import Pause, Run
from scheduling.operating import Retried, delete_task, retry_failed, run_now, set_enabled
from scheduling.pauses import pause_scope, resume_scope, scope_text
from wallets.transactions.operator import NotPossible

_EVERY = 50
Said = tuple[Answer, int]


def run(options: Options) -> Said:
    """A run now; exit 2 where there is none."""
    found = run_now(
        task=task_of(options["name"]),
        wallet=options["wallet"],
        actor=shell_actor(),
        reason=options["reason"],
    )
    made = [{"run": one.pk, "wallet": one.wallet.label} for one in found.runs]
    lines = [f"run {one.pk} with {one.wallet.label}" for one in found.runs]
    lines += [f"{label}: not run, {why}" for label, why in found.refused.items()]
    if not made:
        raise BadInput("; ".join(lines))
    return Answer({"runs": made, "refused": dict(found.refused)}, tuple(lines)), 0


def enable(options: Options) -> Answer:
    """Switch on."""
    return _switch(options, enabled=True)


def disable(options: Options) -> Answer:
    """Switch off; what is under way goes on."""
    return _switch(options, enabled=False)


def _switch(options: Options, *, enabled: bool) -> Answer:
    tasks = named(options)
    changed = set_enabled(
        tasks=tasks, enabled=enabled, actor=shell_actor(), reason=options["reason"]
    )
    word = "enabled" if enabled else "disabled"
    facts = {"changed": [task.name for task in changed], "unchanged": len(tasks) - len(changed)}
    left = f"; {facts['unchanged']} were so already" if facts["unchanged"] else ""
    return Answer(facts, (f"{word}: {labels_of(changed)}{left}",))


def delete(options: Options) -> Answer:
    """Gone, if it never was due."""
    task = task_of(options["name"])
    delete_task(task=task, actor=shell_actor(), reason=options["reason"])
    return Answer({"deleted": task.name}, (f"deleted: {task.name}",))


def pause(options: Options) -> Answer:
    """Begin nothing new in the scope."""
    kind, value = _scope(options)
    pause_scope(scope=kind, value=value, actor=shell_actor(), reason=options["reason"])
    text = scope_text(kind, value)
    told = f"paused: {text}; what is signed goes on, `tasks resume {text}` ends it"
    return Answer({"paused": text}, (told,))


def resume(options: Options) -> Answer:
    """End that pause."""
    kind, value = _scope(options)
    resume_scope(scope=kind, value=value, actor=shell_actor(), reason=options["reason"])
    return Answer({"resumed": scope_text(kind, value)}, (f"resumed: {scope_text(kind, value)}",))


def _scope(options: Options) -> tuple[str, str]:
    kind, value = options["scope"], options["value"]
    if (kind == Pause.Scope.EVERYTHING) == bool(value):
        raise BadInput("write everything, or what kind of thing and its name: task daily-swap")
    return kind, value


def retry(options: Options) -> Said:
    """Try failed runs again; exit 1 where some may not be."""
    runs = failed_runs(options, chosen(options))
    if options["dry_run"]:
        facts: list[dict[str, Any]] = [_failed(one) for one in runs]
        shown = table("Would be tried again, where that is safe", _FAILED, map(_texts, facts))
        return Answer(facts, (shown, "nothing was changed")), 0
    reason = options["reason"]
    done = _told(retry_failed(runs=list(runs), actor=shell_actor(), reason=reason), runs.count())
    facts = [{**_failed(one.run), "refused": one.refused} for one in done]
    refused = [one for one in done if one.refused]
    lines = [f"run {one.run.pk} of {one.run.task}: {one.refused}" for one in refused]
    lines.append(f"{len(done) - len(refused)} are tried again, {len(refused)} are not")
    return Answer(facts, tuple(lines)), int(bool(refused))


_FAILED = ("Run", "Task", "Wallet", "Failed with")


def _failed(run: Run) -> dict[str, Any]:
    return {
        "run": run.pk,
        "task": run.task.name,
        "wallet": run.wallet.label,
        "detail": run.detail,
    }


def _told(found: Iterable[Retried], count: int) -> list[Retried]:
    return list(with_progress(found, count, "runs"))


def with_progress[Item](items: Iterable[Item], count: int, what: str) -> Iterator[Item]:
    """The items; on standard error how far it is, where there are many."""
    for number, item in enumerate(items, 1):
        yield item
        if number % _EVERY == 0 and count > _EVERY:
            sys.stderr.write(f"{number} of {count} {what}\n")


def cancel(options: Options) -> Said:
    """Cancel the unfinished runs of tasks; exit 1 where some could not be."""
    from scheduling.cancelling import cancel_run
    from scheduling.states import NOT_OVER

    keys = [task.pk for task in named(options)]
    runs = list(Run.objects.filter(NOT_OVER, task__in=keys).order_by("pk"))
    lines, facts = [], []
    for run in with_progress(runs, len(runs), "runs"):
        said = {"and_pending": options["and_pending"], "give_up": options["give_up"]}
        refused = ""
        try:
            cancel_run(run_id=run.pk, actor=shell_actor(), reason=options["reason"], **said)
        except NotPossible as error:
            refused = str(error)
            lines.append(refused)
        facts.append({"run": run.pk, "refused": refused})
    lines.append(f"{len(runs) - len(lines)} runs are cancelled, {len(lines)} are not")
    return Answer(facts, tuple(lines)), int(len(lines) > 1)


def _texts(facts: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(value) for value in facts.values())
