"""At the moment of signing: what needs a second person is what one approved, byte for byte."""

from collections.abc import Callable, Sequence

from scheduling.approvals.binding import ApprovalChanged, require_unchanged
from scheduling.approvals.given import given_to, unapproved_of
from scheduling.approvals.reasons import above, read_person_limits, standing_reasons
from scheduling.models import Approval, Run, Step
from scheduling.specs import Spec
from wallets.models import SignedRequest, Transaction
from wallets.transactions import guards
from wallets.transactions.guards import ALLOWED, Answer, Verdict
from wallets.transactions.limits import Limits
from wallets.transactions.states import HoldReason

_ORIGIN = "run:"
_RELATED = ("run__task__protocol", "run__task__network", "run__wallet")


def register() -> None:
    """Have every signature ask."""
    guards.register("approval", check_approvals)
    guards.register_for_requests("approval", check_request)


def check_approvals(transactions: Sequence[Transaction]) -> dict[int, Verdict]:
    """For each: allowed where nobody else has to be asked, or where it is what was approved."""
    verdicts = {row.pk: ALLOWED for row in transactions}
    asked = {row.pk: row for row in transactions if row.origin.startswith(_ORIGIN)}
    if not asked:
        return verdicts
    steps = Step.objects.filter(transaction__in=asked, run__task__plan__isnull=True)
    found = list(steps.select_related(*_RELATED))
    given, limits = given_to(step.run for step in found), read_person_limits()
    later = [step.run_id for step in found if step.index]
    before = unapproved_of(later, given) if later and limits.rows else {}
    for step in found:
        row = asked[step.transaction_id or 0]
        approval = given.get((step.run_id, step.index))
        others = [one for one in before.get(step.run_id, ()) if one.pk != row.pk]
        verdicts[row.pk] = _judge(step, row, approval, limits, others)
    return verdicts


def check_request(request: SignedRequest) -> Verdict:
    """The same for a signed request."""
    if not request.origin.startswith(_ORIGIN):
        return ALLOWED
    step = Step.objects.filter(request=request).select_related(*_RELATED).first()
    if step is None or step.run.task.plan_id is not None:
        return ALLOWED
    approval = given_to([step.run]).get((step.run_id, step.index))
    if approval is None:
        return _unapproved(standing_reasons(step.run), step.run)
    return _compared(approval, lambda: _is_message(request, _spec(approval, step)))


def _judge(
    step: Step,
    row: Transaction,
    approval: Approval | None,
    limits: Limits,
    before: Sequence[Transaction],
) -> Verdict:
    if approval is not None:
        return _compared(approval, lambda: _is_call(row, _spec(approval, step), step.run))
    reasons = standing_reasons(step.run)
    if limits.rows:
        reasons += dict.fromkeys(above([row], limits, before))
    return _unapproved(reasons, step.run)


def _unapproved(reasons: list[str], run: Run) -> Verdict:
    if not reasons:
        return ALLOWED
    told = (
        f"nobody approved it, and now somebody has to: {'; '.join(reasons)}; cancel {run}, its "
        "next one asks"
    )
    return Verdict(Answer.HOLD, told, HoldReason.APPROVAL)


def _spec(approval: Approval, step: Step) -> Spec:
    spec: Spec = approval.plan["steps"][step.index - approval.first_step]["spec"]
    return spec


def _is_message(request: SignedRequest, spec: Spec) -> bool:
    return (request.action, request.payload) == (spec.get("kind"), spec.get("payload"))


def _is_call(row: Transaction, spec: Spec, run: Run) -> bool:
    chain_id = spec.get("chain_id") or run.task.network.chain_id
    asked = (row.to, str(row.value), "0x" + bytes(row.data).hex(), row.network.chain_id)
    return asked == (spec.get("to"), spec.get("value"), spec.get("data"), chain_id)


def _compared(approval: Approval, same: Callable[[], bool]) -> Verdict:
    try:
        require_unchanged(approval)
    except ApprovalChanged as error:
        return Verdict(Answer.REFUSE, str(error))
    return ALLOWED if same() else Verdict(Answer.REFUSE, f"it is not what {approval} says")
