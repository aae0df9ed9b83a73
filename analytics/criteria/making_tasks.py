"""Ordinary tasks from what is missing: switched off, so that a person looks at each first."""

from collections.abc import Sequence

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import transaction as database
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from analytics.criteria.costs import costs_of
from analytics.criteria.gaps import is_over
from analytics.criteria.library import CriteriaError
from analytics.criteria.metric_models import Metric, TransactionMetric
from analytics.criteria.orders import Order, orders_of
from analytics.criteria.recording import rule_set_of
from analytics.criteria.standing import latest_evaluation, standing
from analytics.models import Campaign
from protocols.plans import PlanError
from scheduling.models import Run, Task
from scheduling.services import create_task
from scheduling.states import NOT_OVER

MOST_RUNS = 500
# One run in each of what is counted, in the open and at its first chance; UTC.
CRONS = {
    "days": "0 12 * * *",
    "weeks": "0 12 * * 1",
    "months": "0 12 1 * *",
    "months_before": "0 12 1 * *",
    "weeks_from_first": "0 12 * * 1",
}
# The shortest there is of each.
SECONDS = {
    "days": 86_400,
    "weeks": 604_800,
    "weeks_from_first": 604_800,
    "months": 28 * 86_400,
    "months_before": 30 * 86_400,
}
COPIED = (
    "protocol",
    "action",
    "network",
    "params",
    "misfire",
    "misfire_grace_seconds",
    "priority",
    "urgency",
    "max_fee_ceiling",
    "window_seconds",
    "timeout_seconds",
    "max_running",
    "max_retries",
    "retry_seconds",
    "needs_approval",
)


def make_tasks(
    *,
    campaign: Campaign,
    rule: str,
    template: Task | None = None,
    person: AbstractBaseUser | AnonymousUser | None = None,
) -> list[Task]:
    """One switched-off task for each number of runs that wallets lack, as the template does it.

    Without a template as is cheapest, of the campaign's own tasks. Limits, gates and approvals
    apply as to any task. CriteriaError if nothing is missing that its tasks bring, if the snapshot
    is over, or if what was made before is still to come or was not counted yet: it would be done
    twice.
    """
    rules = rule_set_of(campaign).rules
    if is_over(campaign, rules, timezone.now()):
        raise CriteriaError(
            f"the snapshot of {rules.slug} was taken on "
            f"{rules.snapshot or campaign.snapshot_at:%Y-%m-%d}; nothing counts any more"
        )
    costs = costs_of(campaign, rules, None)
    orders = orders_of(standing(campaign=campaign), rule, template, costs)
    _require_some(orders, rule, template)
    with database.atomic():
        # Two who press the button at once make one lot.
        Campaign.objects.select_for_update().get(pk=campaign.pk)
        for purpose in sorted({order.purpose for order in orders}):
            _require_counted(campaign, purpose)
        made = [_make(campaign, order, person) for order in orders]
        campaign.tasks.add(*made)
    return made


def _require_counted(campaign: Campaign, purpose: str) -> None:
    runs = Run.objects.filter(task=OuterRef("pk"))
    is_to_come = Q(due_count=0) | Q(enabled=True, next_due_at__isnull=False)
    made = campaign.tasks.filter(name__startswith=_name(campaign, purpose))
    made = made.alias(running=Exists(runs.filter(NOT_OVER)))
    if (task := made.filter(is_to_come | Q(running=True)).first()) is not None:
        raise CriteriaError(
            f"the task {task.name!r} was made for this already and is not done: let it end and "
            "evaluate again, switch it off, or delete it if it never ran"
        )
    evaluation = latest_evaluation(campaign)
    since = runs.filter(state_changed_at__gte=evaluation.evaluated_at) if evaluation else runs
    if (task := made.filter(Exists(since)).first()) is not None:
        raise CriteriaError(
            f"runs of the task {task.name!r} have ended since the evaluation: evaluate again first"
        )


def _name(campaign: Campaign, what: str) -> str:
    return f"{campaign.slug}: {what}"[:112]


def _require_some(orders: Sequence[Order], rule: str, template: Task | None) -> None:
    if not orders:
        what = "a task of this campaign"
        if template is not None:
            what = f"runs of {template.action} on {template.network}"
        raise CriteriaError(f"no wallet lacks anything for {rule} that {what} would bring")
    if (most := max(order.runs for order in orders)) > MOST_RUNS:
        raise CriteriaError(f"{most} runs for a wallet are more than {MOST_RUNS}")
    if len(orders) > MOST_RUNS:
        raise CriteriaError(
            f"{len(orders)} tasks, one for each wallet that is paid, are more than {MOST_RUNS}; "
            "pay them with a plan"
        )


def _make(
    campaign: Campaign, order: Order, person: AbstractBaseUser | AnonymousUser | None
) -> Task:
    name, template = _unused(_name(campaign, order.name)), order.template
    task = Task(
        name=name,
        enabled=False,
        starts_at=timezone.now(),
        max_occurrences=order.runs,
        **{field: getattr(template, field) for field in COPIED},
    )
    _schedule(task, order.metric)
    try:
        return create_task(task=task, wallets=order.wallets, person=person)
    except (PlanError, LookupError, ValueError) as error:
        raise CriteriaError(f"the task {name!r} cannot be made: {error}") from error


def _unused(name: str) -> str:
    """With a number behind it if one that is done is called so."""
    others = Task.objects.filter(name__startswith=name).values_list("name", flat=True)
    numbered = (name, *(f"{name} ({number})" for number in range(2, len(others) + 2)))
    return next(one for one in numbered if one not in others)


def _schedule(task: Task, metric: Metric) -> None:
    measure = str(getattr(metric, "measure", ""))
    at_least = metric.at_least if isinstance(metric, TransactionMetric) else 1
    if at_least > 1 and measure in SECONDS:
        # So many in each week, or they count for none.
        task.schedule = Task.Schedule.INTERVAL
        task.interval_seconds = SECONDS[measure] // at_least
    elif cron := CRONS.get(measure):
        task.schedule, task.cron = Task.Schedule.CRON, cron
    else:
        task.schedule, task.interval_seconds = Task.Schedule.INTERVAL, 3600
