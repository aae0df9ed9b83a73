"""Which tasks would bring what wallets lack by a rule: as which task, how often, with which."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal, localcontext
from typing import Any

from analytics.criteria import ranges
from analytics.criteria.bringing import Bringing, How, base_units
from analytics.criteria.costs import Costs, runs_for
from analytics.criteria.evaluation import TAKING
from analytics.criteria.library import CriteriaError
from analytics.criteria.metric_models import Metric, TransactionMetric, TransferMetric
from analytics.criteria.standing import Standing
from scheduling.members import wallets_of
from scheduling.models import Task
from wallets.models import Wallet
from wallets.prices import worth

WHOLE_BPS = 10_000
USUAL_SLIPPAGE_BPS = 50


@dataclass(frozen=True, slots=True)
class Order:
    """So many runs as a task does it, by these wallets with parameters of their own.

    `name` begins with its purpose, and another order may have the same.
    """

    template: Task
    metric: Metric
    runs: int
    purpose: str
    name: str
    wallets: dict[Wallet, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lack:
    """What one wallet misses of a metric."""

    wallet: Wallet
    name: str
    kind: Metric
    missing: Decimal
    wanted: Decimal


def purpose_of(rule: str, metric: str) -> str:
    """How the names of all tasks begin that are made for a metric of a rule."""
    return f"{rule}, {metric}: "


def lacks_of(one: Standing, rule: str, costs: Costs) -> Iterator[Lack]:
    """By the rule, where it is not reached; of one that takes something away nothing is missing."""
    if any(known.name == rule and known.kind in TAKING for known in costs.asking.rules.rules):
        return
    for told in one.rules:
        if told["rule"] != rule or told["met"] is True:
            continue
        for ask in told["asks"]:
            kind = costs.asking.rules.metrics.get(ask["metric"])
            if ask["missing"] is None or kind is None:
                continue
            missing = Decimal(ask["missing"])
            yield Lack(one.wallet, ask["metric"], kind, missing, Decimal(ask["found"][0]) + missing)


def orders_of(
    standings: Iterable[Standing], rule: str, template: Task | None, costs: Costs
) -> list[Order]:
    """For the first of its metrics that the template raises; without one as is cheapest."""
    book = _Book(rule, costs)
    for one in standings:
        for lack in lacks_of(one, rule, costs):
            tasks = _tasks(lack, template, costs)
            for task, runs in tasks:
                book.add(lack, task, runs)
            if tasks:
                break
    return sorted(book.orders.values(), key=lambda order: (order.runs, order.name))


def _tasks(lack: Lack, template: Task | None, costs: Costs) -> list[tuple[Task, int]]:
    """With how many runs; none where nothing of the campaign's brings it, or it counts no more."""
    if costs.is_over(lack.name, lack.kind):
        return []
    if template is None:
        estimate = costs.estimate(
            lack.name, lack.kind, lack.missing, wallet=lack.wallet.pk, wanted=lack.wanted
        )
        return [(part.task, part.runs) for part in estimate.parts if part.linked and part.runs]
    if isinstance(lack.kind, TransferMetric):
        return [(template, 1)] if costs.balances.way(lack.kind, template) else []
    if not isinstance(lack.kind, TransactionMetric):
        return []
    if lack.name in costs.spreading.offers:
        is_new = costs.spreading.is_new(lack.name, template, lack.wallet.pk)
        return [(template, lack.kind.at_least)] if is_new else []
    runs = runs_for(lack.kind, lack.missing)
    return [(template, runs)] if runs and template in costs.by_metric[lack.name] else []


class _Book:
    """Orders by how, task and metric; what a template says of its wallets is asked once."""

    def __init__(self, rule: str, costs: Costs) -> None:
        self.orders: dict[tuple[str, int, str], Order] = {}
        self._rule, self._costs = rule, costs
        self._own: dict[int, dict[int, Mapping[str, Any]]] = {}
        self._payers: dict[int, Wallet] = {}

    def add(self, lack: Lack, task: Task, runs: int) -> None:
        """Of one wallet."""
        if isinstance(lack.kind, TransferMetric):
            self._bring(lack, lack.kind, task)
            return
        is_spread = lack.name in self._costs.spreading.offers
        by = f"{task.action} as task {task.pk}" if is_spread else task.action
        self._put(f"{by}, {runs} each", lack, task, runs, lack.wallet, {})

    def _bring(self, lack: Lack, kind: TransferMetric, task: Task) -> None:
        """What is missing to its wallet: sent by the payer, or fetched by itself."""
        way, amount = self._costs.balances.way(kind, task), _amount(lack, kind, self._costs)
        if way is None or amount == 0:
            return
        own = {"amount": str(_given(way, amount, self._costs))}
        if way.how is not How.TRANSFER:
            self._put(f"{task.action} as task {task.pk}", lack, task, 1, lack.wallet, own)
        elif (payer := self._payer(task)) != lack.wallet:
            own["to"] = lack.wallet.address
            self._put(f"{task.action} to wallet {lack.wallet.pk}", lack, task, 1, payer, own)

    def _put(
        self,
        by: str,
        lack: Lack,
        task: Task,
        runs: int,
        wallet: Wallet,
        own: Mapping[str, Any],
    ) -> None:
        purpose = purpose_of(self._rule, lack.name)
        key = by, task.pk, lack.name
        if key not in self.orders:
            self.orders[key] = Order(task, lack.kind, runs, purpose, f"{purpose}{by}")
        order = self.orders[key]
        order.wallets[wallet] = {**self._params(task).get(wallet.pk, {}), **own}

    def _params(self, task: Task) -> dict[int, Mapping[str, Any]]:
        if task.pk not in self._own:
            self._own[task.pk] = dict(task.task_wallets.values_list("wallet", "params"))
        return self._own[task.pk]

    def _payer(self, task: Task) -> Wallet:
        """Who sends what others lack: the one wallet of the task."""
        if task.pk not in self._payers:
            payers = list(wallets_of(task)[:2])
            if len(payers) != 1:
                raise CriteriaError(
                    f"the task {task} has not exactly one wallet: who pays the others is not clear"
                )
            self._payers[task.pk] = payers[0]
        return self._payers[task.pk]


def _amount(lack: Lack, kind: TransferMetric, costs: Costs) -> int:
    """Base units of the token that are to be brought."""
    with localcontext(prec=ranges.PRECISION):
        found = costs.balances.needed(kind, lack.missing, lack.wanted, lack.wallet.pk)
        token = costs.balances.token(kind)
        return 0 if found is None or token is None else base_units(found[0].amount, token)


def _given(way: Bringing, amount: int, costs: Costs) -> int:
    """Base units of what the task takes; of an exchange by the prices of now, and its slippage."""
    if way.how is not How.SWAP:
        return amount
    prices, wanted = costs.balances.prices, way.wanted
    value = worth(amount, wanted, prices.get(wanted.pk))
    each = worth(1, way.given, prices.get(way.given.pk))
    if value is None or not each:
        raise CriteriaError(
            f"how much {way.given.symbol} brings so much {wanted.symbol} is unknown: the price of "
            "one of them is not known now"
        )
    slippage = int(way.task.params.get("slippage_bps", USUAL_SLIPPAGE_BPS))
    with localcontext(prec=ranges.PRECISION):
        units = value / each * WHOLE_BPS / (WHOLE_BPS - slippage)
        return int(units.to_integral_value(ROUND_CEILING))
