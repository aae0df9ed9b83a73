"""What it would cost to get further: by what runs of the same action have cost before.

A run's cost is the median of our own past runs on the network; without any, of those on other
networks at what gas costs here now. A dollar of volume costs what the fees of our own past volume
by the same action were. Without either it is unknown, never 0.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal, localcontext
from statistics import median_high

from django.db.models import Max, OuterRef, Q, Subquery, Sum
from django.utils import timezone

from analytics.criteria import ranges
from analytics.criteria.metric_models import Metric, TransactionMetric
from analytics.criteria.metrics.choosing import BRIDGES, BRIDGING
from analytics.criteria.rule_sets import RuleSet
from analytics.models import Campaign, ChainTransaction
from scheduling.models import Task
from wallets.amounts import SumAmount
from wallets.models import GasReading, Receipt, Token
from wallets.prices import known_prices, worth

# Older runs paid other prices.
LOOK_BACK = timedelta(days=90)
FRESH = timedelta(hours=3)
# What one run more raises by one; contracts, networks and protocols need another one each.
COUNTED = ("count", "days", "weeks", "months", "weeks_from_first", "months_before")

VOLUMES = {"volume": "volume_cents", "bridged": "bridged_cents"}
# What no rule set counts as using an application.
NO_APPLICATION = ("transfer", "transfer-token", "approve", "sweep", "drain", "drain-token")

# A protocol's slug, an action, and the network it happens on.
type Way = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Estimate:
    """US dollars for so many runs of a task, or for volume by it; or why nobody knows."""

    dollars: Decimal | None
    runs: int | None = None
    task: Task | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Costs:
    """What a run of each way costs in US dollars, and which tasks of a campaign show a way."""

    by_metric: dict[str, tuple[Task, ...]]
    dollars: dict[Way, Decimal | None]
    # US dollars of fees for a dollar of volume, by the way and what is summed.
    of_volume: dict[tuple[Way, str], Decimal]

    def estimate(self, metric: str, kind: Metric, missing: Decimal) -> Estimate:
        """To raise a metric by what is missing."""
        runs, tasks = runs_for(kind, missing), self.by_metric.get(metric, ())
        if isinstance(kind, TransactionMetric) and kind.measure in VOLUMES and tasks:
            return self._volume(tasks, kind.measure, missing)
        if runs is None:
            return Estimate(None, problem="it is not reached by repeating one action")
        if not tasks:
            said = "no task of this campaign is known to raise it"
            return Estimate(None, runs, problem=said)
        for task in tasks:
            if (each := self.dollars.get(way_of(task))) is not None:
                with localcontext(prec=ranges.PRECISION):
                    return Estimate(each * runs, runs, task)
        said = f"what a run of {tasks[0].action} costs is unknown: there was none, or no price"
        return Estimate(None, runs, tasks[0], said)

    def _volume(self, tasks: tuple[Task, ...], measure: str, missing: Decimal) -> Estimate:
        for task in tasks:
            if (each := self.of_volume.get((way_of(task), measure))) is not None:
                with localcontext(prec=ranges.PRECISION):
                    return Estimate(each * missing, None, task)
        said = f"what volume by {tasks[0].action} costs is unknown: there was none, or no price"
        return Estimate(None, problem=said)


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


def costs_of(campaign: Campaign, rules: RuleSet) -> Costs:
    """Of all tasks linked to the campaign; a handful of questions."""
    linked = campaign.tasks.select_related("protocol", "network").order_by("pk")
    tasks = [task for task in linked if not task.name.startswith(f"{campaign.slug}: ")]
    by_metric = {
        name: tuple(task for task in tasks if serves(task, kind, rules))
        for name, kind in rules.metrics.items()
    }
    measures = {getattr(kind, "measure", "") for kind in rules.metrics.values()}
    ways = {way_of(task) for task in tasks}
    volumes = _of_volume(ways, VOLUMES.keys() & measures)
    return Costs(by_metric, _dollars(ways), volumes)


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


def _of_volume(ways: set[Way], measures: set[str]) -> dict[tuple[Way, str], Decimal]:
    """Of what is known of the last months; a way without any is left out."""
    found: dict[tuple[Way, str], Decimal] = {}
    if not ways:
        return found
    lately = ChainTransaction.objects.filter(
        network__in={network for _, _, network in ways},
        action__in={action for _, action, _ in ways},
        block_at__gte=timezone.now() - LOOK_BACK,
        succeeded=True,
        fee_cents__isnull=False,
    ).order_by()
    for measure in measures:
        field = VOLUMES[measure]
        rows = lately.filter(**{f"{field}__gt": 0}).values_list("protocol", "action", "network")
        for *way, fees, volume in rows.annotate(fees=Sum("fee_cents"), volume=Sum(field)):
            found[(way[0], way[1], way[2]), measure] = Decimal(fees) / Decimal(volume)
    return found


def _dollars(ways: set[Way]) -> dict[Way, Decimal | None]:
    if not ways:
        return {}
    fees, gas = _past_runs(ways)
    networks = {network for _, _, network in ways}
    coins = {
        token.network_id: token for token in Token.objects.filter(network__in=networks, address="")
    }
    prices, asked = known_prices(coins.values()), _gas_now(networks)
    found: dict[Way, Decimal | None] = {}
    for way in ways:
        protocol, action, network = way
        wei = median_high(fees[way]) if fees[way] else None
        used = gas[protocol, action]
        if wei is None and used and network in asked:
            wei = median_high(used) * asked[network]
        coin = coins.get(network)
        found[way] = worth(wei, coin, prices.get(coin.pk)) if coin else None
    return found


def _past_runs(
    ways: Iterable[Way],
) -> tuple[dict[Way, list[int]], dict[tuple[str, str], list[int]]]:
    """What whole runs have cost, and how much gas they used, everything they needed included."""
    alike = Q(pk__in=())
    for protocol, action in {way[:2] for way in ways}:
        task = "transaction__step__run__task__"
        alike |= Q(**{f"{task}protocol__slug": protocol, f"{task}action": action})
    run = "transaction__step__run"
    rows = (
        Receipt.objects.filter(alike, canonical=True, block_at__gte=timezone.now() - LOOK_BACK)
        .filter(**{f"{run}__state": "succeeded"})
        .order_by()
        .values_list(
            f"{run}__task__protocol__slug", f"{run}__task__action", f"{run}__task__network", run
        )
        .annotate(wei=SumAmount("fee"), gas=Sum("gas_used"))
    )
    fees: dict[Way, list[int]] = defaultdict(list)
    used: dict[tuple[str, str], list[int]] = defaultdict(list)
    for protocol, action, network, _, wei, gas in rows:
        fees[protocol, action, network].append(wei)
        used[protocol, action].append(gas)
    return fees, used


def _gas_now(networks: Iterable[int]) -> dict[int, int]:
    """Wei per gas where it was read lately."""
    newest = (
        GasReading.objects.filter(network=OuterRef("network"))
        .order_by()
        .values("network")
        .annotate(newest=Max("at"))
        .values("newest")
    )
    rows = GasReading.objects.filter(
        network__in=networks, at=Subquery(newest), at__gte=timezone.now() - FRESH
    )
    return dict(rows.order_by().values_list("network", "price"))
