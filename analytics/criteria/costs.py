"""What it would cost to get further: by what runs of the same action have cost before.

A dollar of volume costs what the fees of our own past volume by the same action were; contracts,
protocols and networks cost the cheapest tasks that reach new ones; a balance costs the fee of
bringing it, and binds capital apart from that. What nobody knows is unknown, never 0.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, Decimal, localcontext

from django.utils import timezone

from analytics.criteria import ranges
from analytics.criteria.balances import Balances, balances_of
from analytics.criteria.estimates import Estimate, Part, cheapest, unknown
from analytics.criteria.fees import Fee, Pricer, Way, fees_of
from analytics.criteria.metric_models import Metric, TransactionMetric, TransferMetric
from analytics.criteria.metrics.asking import Asking
from analytics.criteria.metrics.choosing import BRIDGES, BRIDGING
from analytics.criteria.reaching import NO_APPLICATION, Candidate, candidates_of
from analytics.criteria.rule_sets import RuleSet
from analytics.criteria.spreading import Spreading, spreading_of
from analytics.criteria.volumes import VOLUMES, Volumes, fees_of_volume
from analytics.models import Campaign
from scheduling.models import Task

# What one run more raises by one.
COUNTED = ("count", "days", "weeks", "months", "weeks_from_first", "months_before")
OVER = "what counts has ended"


@dataclass(frozen=True, slots=True)
class Costs:
    """What a run of each way costs, and which tasks bring wallets further by which metric."""

    asking: Asking
    by_metric: Mapping[str, tuple[Task, ...]]
    fees: Mapping[Way, Fee]
    of_volume: Volumes
    spreading: Spreading
    balances: Balances

    @property
    def templates(self) -> set[Task]:
        """Tasks of the campaign that bring wallets further by any metric."""
        offers = (one.what for of in self.spreading.offers.values() for one in of)
        ways = (one.candidate for of in self.balances.ways.values() for one in of)
        linked = {one.task for one in (*offers, *ways) if one.linked}
        return linked.union(*self.by_metric.values())

    def estimate(
        self, metric: str, kind: Metric, missing: Decimal, *, wallet: int, wanted: Decimal
    ) -> Estimate:
        """To bring what the wallet misses of the metric; `wanted` is all that is asked for."""
        if self.is_over(metric, kind):
            return unknown(OVER)
        name = metric.rpartition(".")[2]
        with localcontext(prec=ranges.PRECISION):
            if isinstance(kind, TransferMetric):
                return self.balances.estimate(kind, missing, wanted, wallet)
            if isinstance(kind, TransactionMetric):
                return self._of_transactions(name, kind, missing, wallet)
        return unknown("it is not reached by repeating one action")

    def is_over(self, metric: str, kind: Metric) -> bool:
        """Whether the metric counts nothing of now."""
        moment = metric.rpartition(".")[0]
        return self.asking.until(moment, kind) < self.asking.now

    def _of_transactions(
        self, name: str, kind: TransactionMetric, missing: Decimal, wallet: int
    ) -> Estimate:
        if name in self.spreading.offers:
            return self.spreading.estimate(name, kind, missing, wallet)
        runs, tasks = runs_for(kind, missing), self.by_metric.get(name, ())
        if kind.measure in VOLUMES and tasks:
            return self._volume(tasks, kind.measure, missing)
        if runs is None:
            return unknown("it is not reached by repeating one action")
        if not tasks:
            return unknown("no task of this campaign is known to raise it")
        parts = [Part(task, runs, self._fee(task).times(runs), missing) for task in tasks]
        return Estimate((cheapest(parts),))

    def _fee(self, task: Task) -> Fee:
        return self.fees[way_of(task)]

    def _volume(self, tasks: tuple[Task, ...], measure: str, missing: Decimal) -> Estimate:
        for task in tasks:
            if (each := self.of_volume.get((way_of(task), measure))) is not None:
                return Estimate((Part(task, None, each.times(missing), missing),))
        return unknown(
            f"what volume by {tasks[0].action} costs is unknown: there was none, or no price"
        )


def runs_for(kind: Metric, missing: Decimal) -> int | None:
    """How many runs of an action that the metric counts; None where that is not the way."""
    if not isinstance(kind, TransactionMetric) or kind.measure not in COUNTED:
        return None
    by = kind.way.by if kind.way else 1
    each = kind.at_least / Decimal(by)
    return int((missing * each).to_integral_value(ROUND_CEILING))


def way_of(task: Task) -> Way:
    """What its runs do."""
    return task.protocol.slug, task.action, task.network_id


def costs_of(
    campaign: Campaign,
    rules: RuleSet,
    wallets: Iterable[int] | None,
    *,
    now: datetime | None = None,
) -> Costs:
    """Of all tasks there are, for these wallets or all; as many questions for one as for many."""
    asking = Asking.of(rules, now=now or timezone.now(), wallets=wallets)
    linked = campaign.tasks.select_related("protocol", "network").order_by("pk")
    tasks = [task for task in linked if not task.name.startswith(f"{campaign.slug}: ")]
    by_metric = {
        name: tuple(task for task in tasks if serves(task, kind, rules))
        for name, kind in rules.metrics.items()
    }
    candidates = _candidates(campaign, asking)
    ways = {way_of(task) for task in tasks}
    pricer = Pricer.of({network for _, _, network in ways})
    measures = {getattr(kind, "measure", "") for kind in rules.metrics.values()}
    fees = fees_of(ways | {one.way for one in candidates})
    return Costs(
        asking,
        by_metric,
        fees,
        fees_of_volume(ways, VOLUMES.keys() & measures, pricer),
        spreading_of(asking, candidates, fees),
        balances_of(campaign, asking, candidates, fees),
    )


def _candidates(campaign: Campaign, asking: Asking) -> list[Candidate]:
    """Tasks of all networks where a balance is asked for: it may come from any."""
    kinds = asking.rules.metrics.values()
    if any(isinstance(kind, TransferMetric) for kind in kinds):
        return candidates_of(campaign, None)
    return candidates_of(campaign, asking.networks.values())


def serves(task: Task, kind: Metric, rules: RuleSet) -> bool:
    """Whether runs of the task are what the metric counts, as far as that is known before."""
    if not isinstance(kind, TransactionMetric):
        return False
    if task.network.chain_id not in {rules.networks[name] for name in kind.networks}:
        return False
    if kind.way is not None:
        return way_of(task)[:2] == (kind.way.protocol, kind.way.action)
    if kind.recipients or kind.selectors:  # whom a run calls is planned only when it runs
        return False
    if kind.bridge and not (task.protocol.slug in BRIDGES and task.action in BRIDGING):
        return False
    if (kind.app or kind.to_contract) and task.action in NO_APPLICATION:
        return False
    of_protocol = not kind.protocols or task.protocol.slug in kind.protocols
    return of_protocol and (not kind.actions or task.action in kind.actions)
