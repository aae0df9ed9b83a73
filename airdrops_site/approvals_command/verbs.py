"""What each verb of `manage.py approvals` asks of the services below."""

from typing import Any

from airdrops_site.answers import Answer, BadInput, table
from airdrops_site.health.component import show_time
from airdrops_site.people import signed_in
from airdrops_site.scripted import Options
from scheduling.approvals.asking import waiting_approvals
from scheduling.approvals.deciding import approve_run, decline_run
from scheduling.approvals.words import in_words
from scheduling.models import Approval

_RELATED = (
    "run__task__protocol",
    "run__task__network",
    "run__wallet",
    "asked_for",
    "decided_by",
)
_COLUMNS = ("Approval", "State", "Run", "Task", "Wallet", "Would do", "Because", "Until")


def show_all(options: Options) -> Answer:
    """Those that wait, or of another state; the newest first."""
    rows = Approval.objects.select_related(*_RELATED).order_by("-pk")
    if options["state"]:
        rows = rows.filter(state=options["state"])
    elif not options["all"]:
        rows = rows.filter(pk__in=waiting_approvals())
    facts = [_facts(one) for one in rows[: options["limit"]]]
    shown = (tuple(str(one[name]) for name in _SHOWN) for one in facts)
    return Answer(facts, (table("Approvals", _COLUMNS, shown),))


def show_one(options: Options) -> Answer:
    """One in words: every step decoded, judged and simulated as things stand now."""
    return _in_full(_approval(options))


def approve(options: Options) -> Answer:
    """Consent to exactly these steps."""
    row = approve_run(approval=_approval(options), person=signed_in(options))
    return _in_full(row, done=f"{row} is approved {_alone(row)}; its run begins with these steps")


def decline(options: Options) -> Answer:
    """End the run before these steps."""
    row = decline_run(
        approval=_approval(options), person=signed_in(options), reason=options["reason"]
    )
    return _in_full(row, done=f"{row} is declined; its run does nothing of it")


def _alone(row: Approval) -> str:
    return "by one person alone" if row.decided_alone else "by a second person"


def _approval(options: Options) -> Approval:
    rows = Approval.objects.select_related(*_RELATED)
    row = rows.filter(pk=options["approval"]).first()
    if row is None:
        raise BadInput(f"there is no approval {options['approval']}; `approvals list` shows them")
    return row


def _in_full(row: Approval, done: str = "") -> Answer:
    lines = list(in_words(row))
    facts = {"done": done, **_facts(row), "digest": row.digest, "in_words": lines}
    return Answer(facts, (*filter(None, (done,)), *lines))


_SHOWN = ("approval", "state", "run", "task", "wallet", "would_do", "because", "until")


def _facts(row: Approval) -> dict[str, Any]:
    return {
        "approval": row.pk,
        "state": row.state,
        "run": row.run_id,
        "task": row.run.task.name,
        "wallet": row.run.wallet.label,
        "would_do": row.plan.get("summary", ""),
        "because": "; ".join(row.reasons),
        "until": show_time(row.expires_at),
        "asked_for": str(row.asked_for) if row.asked_for else None,
        "decided_by": str(row.decided_by) if row.decided_by else None,
        "decided_alone": row.decided_alone,
        "detail": row.detail,
    }
