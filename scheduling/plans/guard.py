"""What plans demand at the moment of signing; registered with every signature."""

from scheduling.models import Plan, PlanLine
from scheduling.plan_states import LineState, PlanState
from scheduling.plans.calls import is_same
from scheduling.plans.digest import PlanChanged, require_line_unchanged
from scheduling.plans.persons import allowed_alone
from wallets.address_book import second_person_required
from wallets.models import Transaction
from wallets.recipients import confirmed_entries, own_recipients
from wallets.transactions import guards
from wallets.transactions.calldata import CalldataError, decode_arguments
from wallets.transactions.drains import TRANSFER
from wallets.transactions.guards import ALLOWED, Answer, Verdict


def register() -> None:
    """Have every signature ask."""
    guards.register("plan", check_plan)


def check_plan(row: Transaction) -> Verdict:
    """A plan's transaction is a line of it, as approved; nothing large leaves without a plan."""
    # Only runs carry plans, and what a run asks for says so.
    of_run = row.origin.startswith("run:")
    found = Plan.objects.filter(tasks__runs__steps__transaction=row) if of_run else None
    plan = found.first() if found is not None else None
    sentence = _of_plan(row, plan) if plan else _without_plan(row)
    return Verdict(Answer.REFUSE, sentence) if sentence else ALLOWED


def _of_plan(row: Transaction, plan: Plan) -> str:
    lines = PlanLine.objects.filter(plan=plan, run__steps__transaction=row)
    line = lines.select_related("wallet", "token__network").first()
    if line is None or line.state != LineState.STARTED:
        return f"no line of {plan} asks for it"
    line.plan = plan
    if plan.state != PlanState.RUNNING or plan.approved_at is None:
        return f"{plan} is {plan.state}; only what runs is signed"
    if plan.cancel_reason:
        return f"{plan} was cancelled: {plan.cancel_reason}"
    if not is_same(row, line):
        return f"it is not what {line} says"
    try:
        require_line_unchanged(line)
    except PlanChanged as error:
        return str(error)
    return ""


def _without_plan(row: Transaction) -> str:
    """What one person may not send alone in a plan, no task sends without one either."""
    paid = _payment(row)
    if paid is None or not second_person_required():
        return ""
    token, recipient, amount = paid
    others = confirmed_entries(row.network).filter(address=recipient, is_safe=False)
    if not others.exists() or own_recipients().filter(address=recipient).exists():
        return ""
    limit = allowed_alone(row, token)
    if amount <= limit:
        return ""
    return (
        f"{amount} base units to {recipient} of the address book are more than the {limit} that go "
        "there without a plan; make a plan and have it approved"
    )


def _payment(row: Transaction) -> tuple[str, str, int] | None:
    """Which token goes to whom, and how much of it; None for what is no transfer."""
    data = bytes(row.data)
    if not data:
        return "", row.to, row.value
    try:
        recipient, amount = decode_arguments(TRANSFER, data)
    except CalldataError:
        return None
    return row.to, recipient, amount
