"""Gates that stop spending once a day has lost, or a campaign has cost, too much."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scheduling.gates import figures
from scheduling.gates.ages import too_old
from scheduling.gates.facts import covering, is_spared
from scheduling.gates.figures import Figure, dollars
from scheduling.gates.registry import Subject
from wallets.models import Limit, ScopeKind

DAY_LOSS, BUDGET = Limit.Kind.MAX_DAY_LOSS, Limit.Kind.MAX_BUDGET


@dataclass(frozen=True, slots=True)
class DayLoss:
    """Nothing that could lose more begins once the day has lost more than the limit.

    The loss is that of the whole installation, whatever the scope of the limit is.
    """

    name: str = DAY_LOSS

    def check(self, subjects: Sequence[Subject]) -> list[str]:
        """One figure for all."""
        limits = [[] if is_spared(one) else covering(one, DAY_LOSS) for one in subjects]
        if not any(limits):
            return ["" for _ in subjects]
        loss = figures.provider().day_loss()
        return [_loss_sentence(loss, *pair) for pair in zip(subjects, limits, strict=True)]


def _loss_sentence(loss: Figure, subject: Subject, limits: Sequence[Limit]) -> str:
    if not limits:
        return ""
    if loss.value is None:
        return f"what was lost today is unknown: {loss.problem}"
    if old := _too_old(subject, "what was lost today", loss):
        return old
    lowest = min(limits, key=lambda one: one.amount)
    if loss.value <= lowest.amount:
        return ""
    return (
        f"{dollars(loss.value)} were lost today (UTC), the limit “{lowest}” is "
        f"{dollars(lowest.amount)}; it goes on tomorrow, or with a higher limit"
    )


def _too_old(subject: Subject, what: str, figure: Figure) -> str:
    return too_old(subject, what, figure.as_of, otherwise=figures.OLDEST)


@dataclass(frozen=True, slots=True)
class Budget:
    """A task of a campaign that has used up its budget does nothing that costs more."""

    name: str = BUDGET

    def check(self, subjects: Sequence[Subject]) -> list[str]:
        """One figure for each campaign of all of them."""
        limits = [_budgets(one) for one in subjects]
        tasks = {
            one.task.pk
            for one, found in zip(subjects, limits, strict=True)
            if found and one.task is not None
        }
        if not tasks:
            return ["" for _ in subjects]
        costs = figures.provider().costs(tasks)
        return [
            _budget_sentence(one, costs.get(one.task.pk, {}), found) if one.task and found else ""
            for one, found in zip(subjects, limits, strict=True)
        ]


def _budgets(subject: Subject) -> list[Limit]:
    """The budgets that may be about it: floor 1 does not know the campaigns of a task."""
    if subject.task is None or is_spared(subject):
        return []
    named = [
        one
        for one in subject.limits.rows
        if one.kind == BUDGET and one.scope_kind == ScopeKind.CAMPAIGN
    ]
    return [*named, *covering(subject, BUDGET)]


def _budget_sentence(subject: Subject, costs: Mapping[str, Figure], limits: Sequence[Limit]) -> str:
    for limit in limits:
        for campaign, cost in costs.items():
            if limit.scope_kind == ScopeKind.CAMPAIGN and campaign not in (limit.scope_value, "?"):
                continue
            if cost.value is None:
                return f"what the campaign {campaign} has cost is unknown: {cost.problem}"
            if old := _too_old(subject, f"what the campaign {campaign} has cost", cost):
                return old
            if cost.value >= limit.amount:
                return (
                    f"the campaign {campaign} has cost {dollars(cost.value)}, the limit “{limit}” "
                    f"is {dollars(limit.amount)}; raise it, or let the campaign end"
                )
    return ""
