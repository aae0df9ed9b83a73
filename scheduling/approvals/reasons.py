"""Why a run needs a second person: its task says so, its action is marked, or it spends much."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from protocols.actions import Call, PlannedStep
from protocols.registry import UnknownAction
from scheduling.approvals.given import given_to, unapproved_of
from scheduling.models import Run
from scheduling.planning import action_of, as_transaction
from wallets.models import Limit, Transaction
from wallets.transactions.limits import Limits, amount_text, in_force
from wallets.transactions.policy import PolicyRefusal, check_policy

# What counts together: of a network's token, what leaves or what is only let be taken.
_Key = tuple[int, str, bool]


def reasons_of_run(run: Run, steps: Sequence[PlannedStep]) -> list[str]:
    """A sentence for each; none where nobody else is asked. Plans of transfers have their own."""
    if run.task.plan_id is not None:
        return []
    reasons, limits = standing_reasons(run), read_person_limits()
    if limits.rows:
        calls = [as_transaction(run, step) for step in steps if isinstance(step, Call)]
        reasons += above(calls, limits, unapproved_of([run.pk], given_to([run])).get(run.pk, ()))
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


def above(
    rows: Sequence[Transaction], limits: Limits, before: Sequence[Transaction] = ()
) -> Iterator[str]:
    """What calls of a run give away, or let be taken, beyond what one person may.

    They count together, and with what the run has asked for `before` them: else an amount that is
    too much would only have to be split.
    """
    spent, earlier = _spent(rows), _spent(before)
    examples = {row.network_id: row for row in rows}
    for (network, token, leaves), amount in spent.items():
        row, total = examples[network], amount + earlier[network, token, leaves]
        allowed = min(limits.amounts(row, Limit.Kind.SECOND_PERSON, token), default=None)
        if amount and allowed is not None and total > allowed:
            texts = [amount_text(row, token, one) for one in (total, allowed)]
            yield f"{texts[0]} is more than the {texts[1]} of one person"


def _spent(rows: Iterable[Transaction]) -> Counter[_Key]:
    """What policy refuses gives nothing."""
    found: Counter[_Key] = Counter()
    for row in rows:
        with suppress(PolicyRefusal):
            for spend in check_policy(row).spends:
                found[row.network_id, spend.token, spend.leaves] += spend.amount
    return found
