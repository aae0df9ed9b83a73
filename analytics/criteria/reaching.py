"""Which contracts, protocols and networks the tasks there are would be the first to reach.

What a task calls is what its newest run has called; one that never ran may call what its action may
by the registry: at least one of these, which one its parameters decide.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Concat

from analytics.criteria.fees import Way
from analytics.criteria.metric_models import TransactionMetric
from analytics.criteria.metrics.asking import Asking
from analytics.criteria.metrics.choosing import A_WEEK, BRIDGES, BRIDGING, rows_of
from analytics.models import Campaign, ChainTransaction
from protocols.actions import ERC20, Action, role_family
from protocols.calls.encoding import CallError, encode_call
from protocols.models import Deployment
from protocols.registry import UnknownAction, get_action
from scheduling.models import Run, Task
from wallets.addresses import AddressError, parse_address
from wallets.models import PolicyRule, Transaction
from wallets.transactions.calldata import selector_of

SPREAD = ("contracts", "protocols", "networks")
MOST_TASKS = 300
# What no rule set counts as using an application.
NO_APPLICATION = ("transfer", "transfer-token", "approve", "sweep", "drain", "drain-token")
# Approvals, and the wrapping of a coin: they emit nothing but a formality.
FORMALITIES = frozenset(
    selector_of(one) for one in ("approve(address,uint256)", "deposit()", "withdraw(uint256)")
)

# One of what is counted: a network with an address, a protocol's slug, or a network.
type Item = tuple[int, str] | str | int
type Used = Mapping[tuple[int, str], frozenset[Item]]


@dataclass(frozen=True, slots=True)
class CalledContract:
    """A function of a contract that a run calls; the selector is empty for a plain payment."""

    network: int
    address: str
    selector: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A task and what it calls: all of it where `sure`, otherwise one of it at least."""

    task: Task
    linked: bool
    calls: frozenset[CalledContract]
    sure: bool

    @property
    def way(self) -> Way:
        """What its runs do."""
        return self.task.protocol.slug, self.task.action, self.task.network_id

    def items(self, kind: TransactionMetric, asking: Asking) -> frozenset[Item]:
        """What the metric would count of a run, none where it would not count it."""
        if not self._counts(kind, asking):
            return frozenset()
        here = {asking.networks[name] for name in kind.networks if name in asking.networks}
        told = [one for one in self.calls if one.network in here and _is_chosen(one, kind)]
        match kind.measure:
            case "contracts":
                return frozenset((one.network, one.address) for one in told if one.selector)
            case "protocols" if told:
                return frozenset({self.task.protocol.slug})
            case "networks":
                return frozenset(one.network for one in told)
        return frozenset()

    def _counts(self, kind: TransactionMetric, asking: Asking) -> bool:
        protocol, action, network = self.way
        names = {pk: name for name, pk in asking.networks.items()}
        first = kind.first_days.get(names.get(network, ""))
        if first is not None and first + A_WEEK <= asking.now:
            return False
        if kind.bridge and not (protocol in BRIDGES and action in BRIDGING):
            return False
        if kind.app and action in NO_APPLICATION:
            return False
        of_protocol = not kind.protocols or protocol in kind.protocols
        return of_protocol and (not kind.actions or action in kind.actions)


def _is_chosen(one: CalledContract, kind: TransactionMetric) -> bool:
    if (kind.app or kind.to_contract) and not one.selector:
        return False
    if kind.app and one.selector in FORMALITIES:
        return False
    if one.address in kind.not_recipients or one.selector in kind.not_selectors:
        return False
    of_recipient = not kind.recipients or one.address in kind.recipients
    return of_recipient and (not kind.selectors or one.selector in kind.selectors)


def candidates_of(campaign: Campaign, networks: Iterable[int] | None) -> list[Candidate]:
    """Tasks of enabled protocols, on these networks or all, the campaign's first; 3 questions."""
    newest = Run.objects.filter(task=OuterRef("pk"), state="succeeded").order_by("-pk")
    links = Campaign.tasks.through.objects.filter(task=OuterRef("pk"))
    # What was made from a task of a campaign does the same, often for hundreds of wallets.
    made = links.filter(task__name__startswith=Concat("campaign__slug", Value(": ")))
    rows = (
        Task.objects.filter(
            Q() if networks is None else Q(network__in=set(networks)),
            plan=None,
            network__enabled=True,
            protocol__enabled=True,
            protocol__networks=F("network"),
        )
        .exclude(Exists(made))
        .annotate(
            linked=Exists(links.filter(campaign=campaign)),
            newest_run=Subquery(newest.values("pk")[:1]),
        )
        .select_related("protocol", "network")
        .order_by("-linked", "pk")
    )
    tasks = _distinct(rows[:MOST_TASKS])
    called, registered = _called(tasks), _registered(tasks)
    return [_candidate(task, called, registered) for task in tasks]


def _distinct(rows: Iterable[Task]) -> list[Task]:
    """Tasks that do the same once: the campaign's, or the oldest."""
    found: dict[tuple[object, ...], Task] = {}
    for task in rows:
        told = json.dumps(task.params, sort_keys=True)
        found.setdefault((task.protocol_id, task.action, task.network_id, told), task)
    return list(found.values())


def _called(tasks: Sequence[Any]) -> dict[int, frozenset[CalledContract]]:
    """By the task's newest run."""
    runs = [task.newest_run for task in tasks if task.newest_run]
    rows = Transaction.objects.filter(step__run__in=runs).order_by()
    found: dict[int, set[CalledContract]] = defaultdict(set)
    for run, network, to, selector in rows.values_list("step__run", "network", "to", "selector"):
        found[run].add(CalledContract(network, to, selector))
    return {run: frozenset(calls) for run, calls in found.items()}


@dataclass(frozen=True, slots=True)
class Registry:
    """Role and address of enabled contracts, by protocol and network; and what is one no more."""

    enabled: Mapping[tuple[str, int], Sequence[tuple[str, str]]]
    closed: frozenset[tuple[int, str]]


def _registered(tasks: Sequence[Task]) -> Registry:
    rows = Deployment.objects.filter(
        protocol__in={task.protocol_id for task in tasks},
        network__in={task.network_id for task in tasks},
    ).order_by()
    enabled: dict[tuple[str, int], list[tuple[str, str]]] = defaultdict(list)
    opened, closed = set[tuple[int, str]](), set[tuple[int, str]]()
    for slug, network, role, address, is_enabled in rows.values_list(
        "protocol__slug", "network", "role", "address", "enabled"
    ):
        (opened if is_enabled else closed).add((network, address))
        if is_enabled:
            enabled[slug, network].append((role, address))
    return Registry(enabled, frozenset(closed - opened))


def _candidate(
    task: Any, called: Mapping[int, frozenset[CalledContract]], registry: Registry
) -> Candidate:
    calls = called.get(task.newest_run or 0)
    if calls is None:
        calls = _callable(task, registry)
        places = {(one.network, one.address) for one in calls}
        return Candidate(task, task.linked, calls, sure=len(places) == 1)
    # One that is disabled since lets no run of the task through.
    closed = any((one.network, one.address) in registry.closed for one in calls)
    return Candidate(task, task.linked, frozenset() if closed else calls, sure=True)


def _callable(task: Task, registry: Registry) -> frozenset[CalledContract]:
    """What its action may call here by the registry."""
    try:
        action = get_action(task.protocol.slug, task.action)
    except UnknownAction:
        return frozenset()
    contracts = registry.enabled.get((task.protocol.slug, task.network_id), ())
    found = {
        CalledContract(task.network_id, address, selector_of(one.signature))
        for one in action.permissions
        if one.signature not in PolicyRule.MARKS and one.role != ERC20
        for role, address in contracts
        if one.role == role_family(role)
    }
    return frozenset(found or _named(task, action, contracts))


def _named(
    task: Task, action: Action, contracts: Sequence[tuple[str, str]]
) -> Iterator[CalledContract]:
    """What parameters name: a token, a contract of an approved call; or a plain payment."""
    network = task.network_id
    if not action.permissions:
        if "function" not in task.params:
            yield CalledContract(network, str(task.params.get("to", "")), "")
        elif task.params.get("address") in {address for _, address in contracts}:
            yield from _approved(task)
        return
    try:
        token = parse_address(str(task.params.get("token", "")))
    except AddressError:
        return
    for one in action.permissions:
        if one.role == ERC20 and one.signature not in PolicyRule.MARKS:
            yield CalledContract(network, token, selector_of(one.signature))


def _approved(task: Task) -> Iterator[CalledContract]:
    try:
        data = encode_call(task.params["function"], task.params.get("arguments", ()))
    except (CallError, ValueError):
        return
    yield CalledContract(task.network_id, task.params["address"], f"0x{data[:4].hex()}")


def used_of(
    asking: Asking, metrics: Mapping[str, TransactionMetric], offered: Mapping[str, set[Item]]
) -> Used:
    """By wallet and metric what of the offered was used, perhaps used included; one question."""
    if not any(offered.values()):
        return {}
    asked = {
        f"m{place}": Count("pk", filter=rows_of(asking, "", kind).possible)
        for place, kind in enumerate(metrics.values())
    }
    rows = (
        ChainTransaction.objects.filter(
            asking.of_wallets(), _about(offered), network__in=set(asking.networks.values())
        )
        .order_by()
        .values("wallet_id", "network_id", "recipient", "protocol")
        .annotate(**asked)
    )
    found: dict[tuple[int, str], set[Item]] = defaultdict(set)
    answers: Iterator[Mapping[str, Any]] = rows.iterator(chunk_size=5000)
    for row in answers:
        for place, (name, kind) in enumerate(metrics.items()):
            if row[f"m{place}"]:
                found[row["wallet_id"], name].add(_item(kind, row))
    return {key: frozenset(items) for key, items in found.items()}


def _about(offered: Mapping[str, set[Item]]) -> Q:
    """Rows that may be one of them."""
    items = set[Item]().union(*offered.values())
    addresses = {one[1] for one in items if isinstance(one, tuple)}
    protocols = {one for one in items if isinstance(one, str)}
    networks = {one for one in items if isinstance(one, int)}
    return Q(recipient__in=addresses) | Q(protocol__in=protocols) | Q(network__in=networks)


def _item(kind: TransactionMetric, row: Mapping[str, Any]) -> Item:
    if kind.measure == "contracts":
        return row["network_id"], row["recipient"]
    found: Item = row["protocol"] if kind.measure == "protocols" else row["network_id"]
    return found
