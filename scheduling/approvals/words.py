"""An approval as it is to be decided: what the run would do, why somebody is asked, until when."""

from collections.abc import Iterator

from protocols.actions import Plan, PlanError
from protocols.preview_words import lines_of, names_of
from protocols.previews import Preview, preview_plan
from protocols.registry import UnknownAction
from scheduling.approvals.binding import ApprovalChanged, plan_from_json, require_unchanged
from scheduling.models import Approval
from scheduling.states import ApprovalState
from wallets.address_book import second_person_required

UNREADABLE = (PlanError, UnknownAction, ValueError, KeyError)


def preview_approval(approval: Approval) -> Preview:
    """Its steps decoded, judged by the policy and simulated, as things stand now."""
    planned, run = plan_from_json(approval.plan), approval.run
    return preview_plan(
        Plan(planned.steps, planned.summary, planned.relies_on),
        protocol=run.task.protocol.slug,
        action=run.task.action,
        network=run.task.network,
        wallet=run.wallet,
    )


def in_words(approval: Approval) -> Iterator[str]:
    """All of it; what was changed or cannot be read is said first, and cannot be approved."""
    yield f"{approval}, for {approval.run.task} with {approval.run.wallet}: {approval.state}"
    yield from (f"Asked because {reason}." for reason in approval.reasons)
    yield from _persons(approval)
    try:
        require_unchanged(approval)
        preview = preview_approval(approval)
        yield from lines_of(preview, names_of(preview), ending="")
    except ApprovalChanged as error:
        yield str(error)
    except UNREADABLE as error:
        yield f"Its steps cannot be shown ({type(error).__name__}: {error}); decline it."
    yield f"Worth nothing after {approval.expires_at:%Y-%m-%d %H:%M:%S} UTC."
    yield f"Digest {approval.digest}."


def _persons(approval: Approval) -> Iterator[str]:
    asked_for, decided = approval.asked_for, approval.decided_by
    yield f"What the task does was last said by {asked_for or 'nobody known'}."
    if approval.state == ApprovalState.ASKED and not second_person_required():
        yield "One operator: whoever said it may approve it, and the history says it was alone."
    if decided is not None:
        alone = ", alone" if approval.decided_alone else ""
        yield f"Decided by {decided} at {approval.decided_at:%Y-%m-%d %H:%M:%S} UTC{alone}."
