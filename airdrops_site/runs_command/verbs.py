"""What each verb of `manage.py runs` asks of the services below."""

from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet

from airdrops_site.answers import Answer, BadInput, table
from airdrops_site.people import shell_actor
from airdrops_site.tx.known import require_wallet
from scheduling.cancelling import cancel_run
from scheduling.continuing import give_up_run, restart_run
from scheduling.models import Run, Step
from scheduling.timeline import timeline_of
from scheduling.under_way import under_way_of, waits
from wallets.transactions.states import TransactionState

_COLUMNS = ("Run", "State", "Task", "Wallet", "Said", "Looks next")
_STEP_COLUMNS = ("Step", "Kind", "What", "State", "Transaction", "Said", "Looks", "Looks next")

_TIMELINE_COLUMNS = ("When", "What", "From", "To", "Why", "Who")


def show_all(options: dict[str, Any]) -> Answer:
    """The newest, or those that wait."""
    require_wallet(options["wallet"])
    wanted = {"state": options["state"], "wallet__label": options["wallet"]}
    rows = Run.objects.filter(**{name: value for name, value in wanted.items() if value})
    if options["waiting"]:
        rows = rows.filter(steps__state="waiting")
    facts = [_facts(run) for run in _with_related(rows).order_by("-id")[: options["limit"]]]
    return Answer(facts, (table("Runs", _COLUMNS, map(_texts, facts)),))


def show_one(options: dict[str, Any]) -> Answer:
    """One with its steps: what was done, what it waits for, since when, until when."""
    return _in_full(_run(options))


def restart(options: dict[str, Any]) -> Answer:
    """Go on from what is done."""
    restart_run(run_id=_run(options).pk, actor=shell_actor(), reason=options["reason"])
    return _in_full(_run(options), "it goes on from what it has done")


def give_up(options: dict[str, Any]) -> Answer:
    """End it; what it began was seen to by hand."""
    give_up_run(run_id=_run(options).pk, actor=shell_actor(), reason=options["reason"])
    return _in_full(_run(options), "nobody looks any more; what it began is yours to see to")


def cancel(options: dict[str, Any]) -> Answer:
    """Begin nothing further of it; end what is unsigned, watch what is signed."""
    cancel_run(
        run_id=_run(options).pk,
        actor=shell_actor(),
        reason=options["reason"],
        and_pending=options["and_pending"],
        give_up=options["give_up"],
    )
    return _in_full(_run(options))


def _with_related(rows: QuerySet[Run]) -> QuerySet[Run]:
    return rows.select_related("task__protocol", "wallet").prefetch_related("steps__transaction")


def _run(options: dict[str, Any]) -> Run:
    run = _with_related(Run.objects.filter(pk=options["run"])).first()
    if run is None:
        raise BadInput(f"there is no run {options['run']}; `runs list` shows them")
    return run


def _in_full(run: Run, done: str = "") -> Answer:
    steps = [_step(one) for one in run.steps.order_by("index")]
    sent = [one.what for one in under_way_of(run)] if waits(run) else []
    facts = {"done": done, **_facts(run), "summary": run.summary, "under_way": sent}
    facts["steps"] = steps
    held = run.detail or _held(run)
    said = [f"{run} with {run.wallet}: {run.state}", run.summary, held, *sent, done]
    moments = [{**asdict(one), "at": one.at.isoformat()} for one in timeline_of(run)]
    facts["timeline"] = moments
    shown = table("Steps", _STEP_COLUMNS, map(_texts, steps))
    told = table("Timeline", _TIMELINE_COLUMNS, map(_texts, moments))
    return Answer(facts, (*filter(None, said), shown, told))


def _facts(run: Run) -> dict[str, Any]:
    looks = [one.look_at for one in run.steps.all() if one.look_at is not None]
    return {
        "run": run.pk,
        "state": run.state,
        "task": run.task.name,
        "wallet": run.wallet.label,
        "detail": run.detail or _held(run),
        "looks_next": min(looks).isoformat() if looks else None,
    }


def _held(run: Run) -> str:
    """What keeps a transaction of a run that is under way from its signature."""
    asked = [step.transaction for step in run.steps.all() if step.transaction is not None]
    return "; ".join(row.detail for row in asked if row.state == TransactionState.HELD)


def _step(step: Step) -> dict[str, Any]:
    return {
        "step": step.index,
        "kind": step.kind,
        "label": step.label,
        "state": step.state,
        "transaction": step.transaction_id,
        "detail": step.detail,
        "looks": step.looks,
        "looks_next": step.look_at.isoformat() if step.look_at else None,
    }


def _texts(facts: dict[str, Any]) -> tuple[str, ...]:
    return tuple("" if value is None else str(value) for value in facts.values())
