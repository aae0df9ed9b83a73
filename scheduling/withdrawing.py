"""After a stop, by a person's order: one-off runs that take positions out of their protocols."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from protocols.actions import Exit, PlanError, Position
from protocols.context import build_context
from protocols.models import Protocol
from protocols.params import BadParameters, read_params
from protocols.registry import UnknownAction, get_action, get_adapter
from scheduling.models import Run, Task
from scheduling.services import TASK_HISTORY, Person, create_task
from scheduling.states import UNFINISHED_RUN, RunState
from wallets.chain.client import NetworkClient
from wallets.chain.errors import ChainError
from wallets.models import Lease, Network, Transaction, Wallet
from wallets.transitions import recorded

# How the tasks are called, and found again: ordered twice, nothing is taken out twice.
NAME = "withdraw after a stop:"
# While a stop lasts, what it keeps from being signed is planned anew for so long.
_WINDOW = 24 * 3600
_ORDERING = "withdraw:order"
_UNANSWERED = (ChainError, PlanError, BadParameters, UnknownAction)
_OPEN = (*UNFINISHED_RUN, RunState.NEEDS_OPERATOR)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A position and the action that takes it out."""

    wallet: Wallet
    network: Network
    protocol: Protocol
    position: Position
    exit: Exit

    def __str__(self) -> str:
        what = f"{self.position.what} of {self.wallet.label} on {self.network.slug}"
        return f"{what}: by {self.protocol.slug}/{self.exit.action}"


@dataclass(slots=True)
class Withdrawals:
    """What can be taken out, and what a person has to see to."""

    ways: list[Withdrawal] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    under_way: list[str] = field(default_factory=list)


def find_withdrawals(*, wallet: str = "", protocol: str = "") -> Withdrawals:
    """Ask every protocol what every verified wallet has in it, or only these; nothing is written.

    What nobody can say is left, and named: unknown is not nothing.
    """
    found = Withdrawals()
    wallets = Wallet.objects.filter(status=Wallet.Status.VERIFIED).order_by("label")
    protocols = Protocol.objects.filter(enabled=True).prefetch_related("networks").order_by("slug")
    for row in protocols.filter(slug=protocol) if protocol else protocols:
        for network in row.networks.filter(enabled=True).order_by("chain_id"):
            for owner in wallets.filter(label=wallet) if wallet else wallets:
                _look(found, owner, network, row)
    return found


def _look(found: Withdrawals, wallet: Wallet, network: Network, protocol: Protocol) -> None:
    try:
        positions = _positions(wallet, network, protocol)
    except _UNANSWERED as error:
        where = f"{protocol.slug} on {network.slug}"
        found.left.append(f"what {wallet.label} has in {where} is unknown: {error}")
        return
    for position in positions:
        whose = f"{position.what} of {wallet.label} on {network.slug}"
        if position.exit is None:
            found.left.append(f"{whose}: {_by_hand(position)}")
            continue
        way = Withdrawal(wallet, network, protocol, position, position.exit)
        if open_task := _open_task(way):
            found.under_way.append(f"{whose}: {open_task}")
        else:
            found.ways.append(way)


def _positions(wallet: Wallet, network: Network, protocol: Protocol) -> Sequence[Position]:
    adapter = get_adapter(protocol.slug)
    if adapter.positions is None:
        raise UnknownAction(f"the adapter of {protocol} reports no positions")
    return adapter.positions(
        build_context(
            network=network,
            wallet=wallet,
            protocol=protocol.slug,
            client=NetworkClient(network),
            now=timezone.now(),
        )
    )


def _by_hand(position: Position) -> str:
    if position.kind == "borrowed":
        return "a debt; repay it with a task, what secures it is held until then"
    return "no action here takes it out; see to it by hand"


def order_withdrawals(
    found: Withdrawals, *, actor: str, reason: str, person: Person | None = None
) -> list[Task]:
    """A task for each, due at once with the highest priority; all of them or none.

    Where its run needs a second person, that is somebody else than this one.
    """
    for way in found.ways:
        read_params(get_action(way.protocol.slug, way.exit.action).Params, way.exit.params)
    Lease.objects.get_or_create(name=_ORDERING)
    with transaction.atomic():
        # One order at a time: two would not see each other's tasks.
        Lease.objects.select_for_update().get(name=_ORDERING)
        tasks = [_create(way, person) for way in found.ways if not _open_task(way)]
        for task in tasks:
            recorded(TASK_HISTORY, task.pk, "", "", actor=actor, reason=f"ordered: {reason}")
    return tasks


def _create(way: Withdrawal, person: Person | None) -> Task:
    now = timezone.now()
    task = Task(
        name=f"{NAME} {way.protocol.slug} {way.wallet.label[:40]} {_next_number()}",
        protocol=way.protocol,
        action=way.exit.action,
        network=way.network,
        params=dict(way.exit.params),
        schedule=Task.Schedule.ONCE,
        starts_at=now,
        priority=Task.Priority.CRITICAL,
        urgency=Transaction.Urgency.FAST,
        window_seconds=_WINDOW,
    )
    return create_task(task=task, wallets={way.wallet: {}}, person=person)


def _next_number() -> int:
    last = Task.objects.order_by("-pk").values_list("pk", flat=True).first()
    return (last or 0) + 1


def _open_task(way: Withdrawal) -> Task | None:
    """One that takes the same out already."""
    return next((task for task in _candidates(way) if _is_open(task)), None)


def _candidates(way: Withdrawal) -> Iterator[Task]:
    rows = Task.objects.filter(
        name__startswith=NAME,
        protocol=way.protocol,
        network=way.network,
        action=way.exit.action,
        wallets=way.wallet,
        enabled=True,
    )
    yield from (task for task in rows if _place(task.params) == _place(way.exit.params))


def _place(params: Mapping[str, Any]) -> dict[str, Any]:
    """What it is taken out of: the amount may have grown since."""
    amounts = ("amount", "shares", "liquidity")
    return {key: value for key, value in params.items() if key not in amounts}


def _is_open(task: Task) -> bool:
    due = task.next_due_at is not None
    return due or Run.objects.filter(task=task, state__in=_OPEN).exists()
