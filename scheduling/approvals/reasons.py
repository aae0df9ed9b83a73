"""Why a run needs a second person: its task says so, its action is marked, or it spends much."""

from collections.abc import Iterator, Sequence

from protocols.actions import Call, PlannedStep
from protocols.registry import UnknownAction
from scheduling.models import Run, Task
from scheduling.planning import action_of, network_of
from wallets.models import Limit, NonceLane, Transaction
from wallets.transactions.limits import Limits, amount_text, in_force
from wallets.transactions.policy import PolicyRefusal, check_policy


def reasons_of_run(run: Run, steps: Sequence[PlannedStep]) -> list[str]:
    """A sentence for each; none where nobody else is asked. Plans of transfers have their own."""
    if run.task.plan_id is not None:
        return []
    reasons, limits = standing_reasons(run), read_person_limits()
    if limits.rows:
        calls = (step for step in steps if isinstance(step, Call))
        reasons += [said for call in calls for said in above(_as_transaction(run, call), limits)]
    return list(dict.fromkeys(reasons))


def standing_reasons(run: Run) -> list[str]:
    """What holds for every run of its task."""
    task = run.task
    reasons = [f"the task “{task.name}” asks for it"] if task.needs_approval else []
    if is_marked(run):
        reasons.append(f"every {task.protocol.slug}/{task.action} needs it")
    return reasons


def is_marked(run: Run) -> bool:
    """Whether its action says so; one that is not known does nothing that could be approved."""
    try:
        return action_of(run).needs_approval
    except UnknownAction:
        return False


def read_person_limits() -> Limits:
    """The amounts above which a second person is asked."""
    rows = Limit.objects.filter(kind=Limit.Kind.SECOND_PERSON, enabled=True)
    return Limits(tuple(in_force(rows)))


def above(row: Transaction, limits: Limits) -> Iterator[str]:
    """What the call gives away beyond what one person may; what policy refuses gives nothing."""
    try:
        spends = check_policy(row).spends
    except PolicyRefusal:
        return
    for spend in spends:
        allowed = min(limits.amounts(row, Limit.Kind.SECOND_PERSON, spend.token), default=None)
        if allowed is not None and spend.amount > allowed:
            texts = [amount_text(row, spend.token, one) for one in (spend.amount, allowed)]
            yield f"{texts[0]} is more than the {texts[1]} of one person"


def _as_transaction(run: Run, call: Call) -> Transaction:
    """Not saved: for asking the policy beforehand."""
    task: Task = run.task
    network = network_of(run, call.chain_id)
    return Transaction(
        lane=NonceLane(wallet=run.wallet, network=network),
        network=network,
        origin=f"run:{run.pk}",
        protocol=task.protocol.slug,
        action=task.action,
        to=call.to,
        value=call.value,
        data=call.data,
        expectations=call.expectations.as_json(),
        valid_until=call.valid_until,
    )
