"""What a run of something costs: by our own past runs, in native coin and US dollars.

The median of the newest runs on the network, everything they needed included; without any, of those
on other networks at what gas costs here now. Without either it is unknown, never 0.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal, localcontext
from statistics import median_high

from django.db.models import F, Max, OuterRef, Q, QuerySet, Subquery, Sum, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from analytics.criteria import ranges
from analytics.criteria.bridge_fees import Way, kept_by_bridges
from analytics.criteria.metrics.choosing import BRIDGES, BRIDGING
from scheduling.models import Run, Task
from wallets.amounts import SumAmount, to_decimal
from wallets.models import GasReading, Network, Price, Receipt, Token
from wallets.prices import known_prices, worth

# Older runs paid other prices.
LOOK_BACK = timedelta(days=90)
FRESH = timedelta(hours=3)
# More say no more about a median.
NEWEST_RUNS, NEWEST_TASKS = 100, 50
GWEI = 9

__all__ = ["Fee", "Pricer", "Way", "fees_of", "succeeded_runs"]


@dataclass(frozen=True, slots=True)
class Fee:
    """Native coins by symbol and US dollars (None is unknown, `problem` says why), and a basis."""

    coins: Mapping[str, Decimal] = field(default_factory=dict)
    dollars: Decimal | None = None
    basis: str = ""
    problem: str = ""

    def times(self, runs: int | Decimal) -> "Fee":
        """Of so many runs."""
        with localcontext(prec=ranges.PRECISION):
            coins = {symbol: amount * runs for symbol, amount in self.coins.items()}
            dollars = None if self.dollars is None else self.dollars * runs
        return Fee(coins, dollars, self.basis, self.problem)


@dataclass(frozen=True, slots=True)
class Pricer:
    """The coins of networks and what they are worth now."""

    coins: Mapping[int, Token]
    prices: Mapping[int, Price]

    @classmethod
    def of(cls, networks: Iterable[int], others: Iterable[Token] = ()) -> "Pricer":
        """Two questions; `others` are priced too."""
        rows = Token.objects.filter(network__in=set(networks), address="").select_related("network")
        coins = {token.network_id: token for token in rows}
        return cls(coins, known_prices({*coins.values(), *others}))

    def fee(self, wei: Mapping[int, int], basis: str, kept: Mapping[Token, int]) -> Fee:
        """Of wei by network, and base units of tokens beside them."""
        if not wei.keys() <= self.coins.keys():
            return Fee(problem="the network's own coin is not on record")
        taken = [*((self.coins[network], amount) for network, amount in wei.items()), *kept.items()]
        coins: dict[str, Decimal] = defaultdict(Decimal)
        dollars: Decimal | None = Decimal(0)
        problem = ""
        with localcontext(prec=ranges.PRECISION):
            for token, amount in taken:
                coins[token.symbol] += to_decimal(amount, token.decimals)
                value = worth(amount, token, self.prices.get(token.pk))
                if value is None:
                    problem = f"the price of {token.symbol} is not known now"
                dollars = None if dollars is None or value is None else dollars + value
        return Fee(dict(coins), dollars, basis, problem)


def fees_of(ways: Iterable[Way]) -> dict[Way, Fee]:
    """What one run of each costs; six questions, and two more where there are bridges."""
    wanted = set(ways)
    if not wanted:
        return {}
    runs = succeeded_runs(wanted)
    past, gas = _past_runs(runs)
    kept = kept_by_bridges(runs, crossing) if (crossing := set(filter(_crosses, wanted))) else {}
    networks = {network for _, _, network in wanted}
    paid_on = {network for paid in past.values() for run in paid for network in run}
    tokens = [token for one in kept.values() for token in one]
    found = _Found(past, kept, gas, _gas_now(networks), Pricer.of(networks | paid_on, tokens))
    return {way: found.fee(way) for way in wanted}


def _crosses(way: Way) -> bool:
    return way[0] in BRIDGES and way[1] in BRIDGING


@dataclass(frozen=True, slots=True)
class _Found:
    """What the books and the networks say."""

    past: Mapping[Way, list[dict[int, int]]]
    kept: Mapping[Way, Mapping[Token, int]]
    gas: Mapping[tuple[str, str], list[int]]
    asked: Mapping[int, tuple[int, str]]
    pricer: Pricer

    def fee(self, way: Way) -> Fee:
        """By runs on the network, or by those on others."""
        kept = self.kept.get(way, {})
        unsaid = ", without what the bridge takes" if _crosses(way) and not kept else ""
        if runs := self.past.get(way):
            paid = sorted({one for run in runs for one in run})
            wei = {one: median_high([run.get(one, 0) for run in runs]) for one in paid}
            return self.pricer.fee(wei, f"median of {_runs(len(runs))}{unsaid}", kept)
        used, network = self.gas.get(way[:2], []), way[2]
        if not used:
            return Fee(problem=f"{way[0]}/{way[1]} was not run in {LOOK_BACK.days} days")
        if network not in self.asked:
            return Fee(problem="it ran on other networks only, and the gas price here is unknown")
        price, remark = self.asked[network]
        said = f"gas of {_runs(len(used))} elsewhere at {_gwei(price)} gwei, now{remark}{unsaid}"
        return self.pricer.fee({network: median_high(used) * price}, said, kept)


def _runs(count: int) -> str:
    return "one own run" if count == 1 else f"{count} own runs"


def _gwei(wei: int) -> str:
    return f"{to_decimal(wei, GWEI).normalize():f}"


def succeeded_runs(ways: Iterable[Way]) -> "QuerySet[Run, Run]":
    """The newest ones of each task that does the same, on whichever network."""
    alike = Q(pk__in=())
    for protocol, action in {way[:2] for way in ways}:
        alike |= Q(protocol__slug=protocol, action=action)
    own = Run.objects.filter(task=OuterRef("pk"), state="succeeded").order_by("-pk").values("pk")
    rows = Task.objects.filter(alike).annotate(
        newest=Subquery(own[:1]), oldest=Subquery(own[NEWEST_RUNS - 1 : NEWEST_RUNS])
    )
    same = [F("protocol"), F("action"), F("network")]
    place = Window(RowNumber(), partition_by=same, order_by=F("newest").desc())
    with_runs = rows.filter(newest__isnull=False).annotate(place=place).order_by()
    found = with_runs.filter(place__lte=NEWEST_TASKS)
    few, many = [], Q(pk__in=())
    for task, oldest in found.values_list("pk", "oldest"):
        if oldest is None:
            few.append(task)
        else:
            many |= Q(task=task, pk__gte=oldest)
    return Run.objects.filter(Q(task__in=few) | many, state="succeeded").order_by()


def _past_runs(
    runs: "QuerySet[Run, Run]",
) -> tuple[dict[Way, list[dict[int, int]]], dict[tuple[str, str], list[int]]]:
    """Wei by network that whole runs have cost, and the gas of those that stayed on one."""
    run = "transaction__step__run"
    rows = (
        Receipt.objects.filter(canonical=True, block_at__gte=timezone.now() - LOOK_BACK)
        .filter(**{f"{run}__in": runs.values("pk")})
        .order_by()
        .values_list(
            run,
            f"{run}__task__protocol__slug",
            f"{run}__task__action",
            f"{run}__task__network",
            "transaction__network",
        )
        .annotate(wei=SumAmount("fee"), gas=Sum("gas_used"))
    )
    paid: dict[Way, dict[int, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    gas: dict[tuple[str, str, int], dict[int, int]] = defaultdict(dict)
    for key, protocol, action, network, where, wei, used in rows:
        paid[protocol, action, network][key][where] = wei
        gas[protocol, action, key][where] = used
    elsewhere: dict[tuple[str, str], list[int]] = defaultdict(list)
    for (protocol, action, _), by_network in gas.items():
        if len(by_network) == 1:
            elsewhere[protocol, action] += by_network.values()
    return {way: list(runs.values()) for way, runs in paid.items()}, elsewhere


def _gas_now(networks: Iterable[int]) -> dict[int, tuple[int, str]]:
    """Wei per gas where it was read lately, and what that leaves out."""
    newest = (
        GasReading.objects.filter(network=OuterRef("network"))
        .order_by()
        .values("network")
        .annotate(newest=Max("at"))
        .values("newest")
    )
    rows = GasReading.objects.filter(
        network__in=networks, at=Subquery(newest), at__gte=timezone.now() - FRESH
    ).order_by()
    none = Network.L1FeeModel.NONE
    return {
        network: (price, "" if model == none else ", without the part for L1")
        for network, price, model in rows.values_list("network", "price", "network__l1_fee_model")
    }
