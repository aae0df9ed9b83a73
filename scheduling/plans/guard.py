"""What plans demand at the moment of signing; registered with every signature."""

from collections.abc import Sequence
from dataclasses import dataclass

from scheduling.models import Plan, PlanLine, Step
from scheduling.plan_states import LineState, PlanState
from scheduling.plans.calls import is_same
from scheduling.plans.digest import PlanChanged, require_line_unchanged
from scheduling.plans.persons import allowed_alone
from wallets.address_book import second_person_required
from wallets.models import Network, Transaction
from wallets.recipients import confirmed_entries, own_recipients
from wallets.transactions import guards
from wallets.transactions.calldata import CalldataError, decode_arguments
from wallets.transactions.drains import TRANSFER
from wallets.transactions.guards import ALLOWED, Answer, Verdict


@dataclass(frozen=True, slots=True)
class Payment:
    """What a plain transfer pays; `token` empty for the native coin."""

    token: str
    recipient: str
    amount: int


def register() -> None:
    """Have every signature ask."""
    guards.register("plan", check_plans)


def check_plans(transactions: Sequence[Transaction]) -> dict[int, Verdict]:
    """A plan's transaction is a line of it, as approved; nothing large leaves without a plan."""
    plans = _plans_of(transactions)
    lines = _lines_of(plans)
    free = [row for row in transactions if row.pk not in plans]
    sentences = {pk: _of_plan(row, plans, lines) for pk, row in _by_pk(transactions, plans)}
    sentences |= _without_plan(free)
    return {row.pk: _verdict(sentences.get(row.pk, "")) for row in transactions}


def _verdict(sentence: str) -> Verdict:
    return Verdict(Answer.REFUSE, sentence) if sentence else ALLOWED


def _by_pk(rows: Sequence[Transaction], plans: dict[int, Plan]) -> list[tuple[int, Transaction]]:
    return [(row.pk, row) for row in rows if row.pk in plans]


def _plans_of(rows: Sequence[Transaction]) -> dict[int, Plan]:
    """The plans that carry them, by transaction. Only runs do, and what they ask for says so."""
    keys = [row.pk for row in rows if row.origin.startswith("run:")]
    if not keys:
        return {}
    steps = Step.objects.filter(transaction__in=keys, run__task__plan__isnull=False)
    found = steps.select_related("run__task__plan")
    return {step.transaction_id or 0: step.run.task.plan for step in found if step.run.task.plan}


def _lines_of(plans: dict[int, Plan]) -> dict[int, PlanLine]:
    """The lines they carry out now, by transaction."""
    if not plans:
        return {}
    rows = PlanLine.objects.filter(run__steps__transaction__in=plans).distinct()
    by_run = {line.run_id: line for line in rows.select_related("plan", "wallet", "token__network")}
    steps = Step.objects.filter(transaction__in=plans, run__in=by_run)
    return {
        transaction: by_run[run]
        for transaction, run in steps.values_list("transaction_id", "run_id")
        if transaction is not None
    }


def _of_plan(row: Transaction, plans: dict[int, Plan], lines: dict[int, PlanLine]) -> str:
    plan, line = plans[row.pk], lines.get(row.pk)
    if line is None or line.state != LineState.STARTED or line.plan_id != plan.pk:
        return f"no line of {plan} asks for it"
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


def _without_plan(rows: Sequence[Transaction]) -> dict[int, str]:
    """What one person may not send alone in a plan, no task sends without one either."""
    paid = {row.pk: found for row in rows if (found := payment_of(row))}
    if not paid or not second_person_required():
        return {}
    network = rows[0].network
    others = _others(network, {found.recipient for found in paid.values()})
    return {
        row.pk: _too_much(row, paid[row.pk])
        for row in rows
        if row.pk in paid and paid[row.pk].recipient in others
    }


def _others(network: Network, recipients: set[str]) -> set[str]:
    """Those of them that are in the address book, no safe addresses and no wallets of ours."""
    entries = confirmed_entries(network).filter(address__in=recipients, is_safe=False)
    found = set(entries.values_list("address", flat=True))
    if found:
        own = own_recipients().filter(address__in=found)
        found -= set(own.values_list("address", flat=True))
    return found


def _too_much(row: Transaction, paid: Payment) -> str:
    limit = allowed_alone(row, paid.token)
    if paid.amount <= limit:
        return ""
    return (
        f"{paid.amount} base units to {paid.recipient} of the address book are more than the "
        f"{limit} that go there without a plan; make a plan and have it approved"
    )


def payment_of(row: Transaction) -> Payment | None:
    """What it pays to whom; None for what is no plain transfer."""
    data = bytes(row.data)
    if not data:
        return Payment("", row.to, row.value)
    try:
        recipient, amount = decode_arguments(TRANSFER, data)
    except CalldataError:
        return None
    return Payment(row.to, recipient, amount)
