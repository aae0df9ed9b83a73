"""Ordinary tasks from what is missing: switched off, so that a person looks at each first."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import transaction as database
from django.utils import timezone

from analytics.criteria.costs import runs_for, serves
from analytics.criteria.gaps import is_over
from analytics.criteria.library import CriteriaError
from analytics.criteria.metric_models import TransactionMetric
from analytics.criteria.recording import rule_set_of
from analytics.criteria.rule_sets import RuleSet
from analytics.criteria.standing import standing
from analytics.models import Campaign
from protocols.plans import PlanError
from scheduling.models import Task
from scheduling.services import create_task
from wallets.models import Wallet

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
    template: Task,
    person: AbstractBaseUser | AnonymousUser | None = None,
) -> list[Task]:
    """One switched-off task for each number of runs that wallets lack, as the template does it.

    Limits, gates and approvals apply as to any task. CriteriaError if nothing is missing that
    repeating the template's action brings, if the snapshot is over, or if they are made already.
    """
    rules = rule_set_of(campaign).rules
    if is_over(rules, timezone.now()):
        raise CriteriaError(
            f"the snapshot of {rules.slug} was taken on {rules.snapshot:%Y-%m-%d}; "
            "nothing counts any more"
        )
    lacking, metric = _lacking(campaign, rules, rule, template)
    with database.atomic():
        made = [
            _make(campaign, rule, template, metric, runs, wallets, person)
            for runs, wallets in sorted(lacking.items())
        ]
        campaign.tasks.add(*made)
    return made


def _lacking(
    campaign: Campaign, rules: RuleSet, rule: str, template: Task
) -> tuple[Mapping[int, list[Wallet]], TransactionMetric]:
    """Wallets by how many runs they lack, and the metric that the template raises."""
    found: dict[int, list[Wallet]] = defaultdict(list)
    raised: TransactionMetric | None = None
    for one in standing(campaign=campaign):
        for told in one.rules:
            if told["rule"] == rule and told["met"] is not True:
                runs, metric = _runs(told["asks"], rules, template)
                if metric is not None:
                    found[runs].append(one.wallet)
                    raised = metric
    if raised is None:
        raise CriteriaError(
            f"no wallet lacks anything for {rule} that runs of {template.action} on "
            f"{template.network} would bring"
        )
    if max(found) > MOST_RUNS:
        raise CriteriaError(f"{max(found)} runs for a wallet are more than {MOST_RUNS}")
    return found, raised


def _runs(
    asks: Iterable[Mapping[str, Any]], rules: RuleSet, template: Task
) -> tuple[int, TransactionMetric | None]:
    """How many runs of the template bring what is missing, of the first metric that it raises."""
    for ask in asks:
        metric = rules.metrics.get(ask["metric"])
        if ask["missing"] is None or not isinstance(metric, TransactionMetric):
            continue
        runs = runs_for(metric, Decimal(ask["missing"]))
        if runs and serves(template, metric, rules):
            return runs, metric
    return 0, None


def _make(
    campaign: Campaign,
    rule: str,
    template: Task,
    metric: TransactionMetric,
    runs: int,
    wallets: list[Wallet],
    person: AbstractBaseUser | AnonymousUser | None,
) -> Task:
    name = f"{campaign.slug}: {rule} with {template.action}, {runs} each"[:120]
    if Task.objects.filter(name=name).exists():
        raise CriteriaError(f"there is a task {name!r} already; look at it, or delete it first")
    task = Task(
        name=name,
        enabled=False,
        starts_at=timezone.now(),
        max_occurrences=runs,
        **{field: getattr(template, field) for field in COPIED},
    )
    if metric.at_least > 1 and metric.measure in SECONDS:
        # So many in each week, or they count for none.
        task.schedule = Task.Schedule.INTERVAL
        task.interval_seconds = SECONDS[metric.measure] // metric.at_least
    elif cron := CRONS.get(metric.measure):
        task.schedule, task.cron = Task.Schedule.CRON, cron
    else:
        task.schedule, task.interval_seconds = Task.Schedule.INTERVAL, 3600
    own = {one.wallet_id: one.params for one in template.task_wallets.all()}
    params = {wallet: own.get(wallet.pk, {}) for wallet in wallets}
    try:
        return create_task(task=task, wallets=params, person=person)
    except (PlanError, LookupError, ValueError) as error:
        raise CriteriaError(f"the task {name!r} cannot be made: {error}") from error
