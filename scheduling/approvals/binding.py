"""What an approval binds: the steps as planned, and for whom; a changed row is refused."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from protocols.actions import Call, Message
from scheduling.models import Approval, Run
from scheduling.planning import Planned
from scheduling.specs import kind_of, step_from_json, step_to_json
from wallets.transactions.operator import NotPossible

type Content = dict[str, Any]


class ApprovalChanged(NotPossible):
    """An approval is not what was asked for; nothing of it is done."""


def plan_to_json(run: Run, planned: Planned) -> Content:
    """A plan as it is kept, with the steps it rests on: undone ones make it worthless."""
    return {
        "summary": planned.summary,
        "relies_on": list(planned.relies_on),
        "steps": [{"kind": kind_of(step), "spec": step_to_json(step)} for step in planned.steps],
        "rests_on": rests_on(run),
    }


def rests_on(run: Run) -> list[list[int]]:
    """Every step the run has, and how often it has moved."""
    return [list(pair) for pair in run.steps.order_by("index").values_list("index", "version")]


def plan_from_json(content: Content) -> Planned:
    """The very plan that was approved."""
    steps = tuple(step_from_json(one["kind"], one["spec"]) for one in content["steps"])
    return Planned(steps, content["summary"], tuple(content["relies_on"]))


def digest_of(approval: Approval) -> str:
    """What binds it: run, wallet, task, place, steps, expiry, and who may not be the second."""
    run = approval.run
    facts = [
        run.pk,
        run.wallet.address,
        run.task_id,
        run.task.protocol.slug,
        run.task.action,
        run.task.network.chain_id,
        approval.first_step,
        approval.plan,
        approval.expires_at.astimezone(UTC).isoformat(),
        approval.asked_for_id,
    ]
    text = json.dumps(facts, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def require_unchanged(approval: Approval) -> None:
    """ApprovalChanged unless it is as it was asked for."""
    if digest_of(approval) != approval.digest:
        raise ApprovalChanged(
            f"{approval} was changed after it was asked for; nothing of it is done. Find out who "
            "changed it, and cancel the run"
        )


def earliest_end(planned: Planned) -> datetime | None:
    """When the first of its calls and requests is worth nothing any more."""
    ends = [
        step.valid_until
        for step in planned.steps
        if isinstance(step, (Call, Message)) and step.valid_until is not None
    ]
    return min(ends, default=None)
