"""Approving, applying and refusing rebalances: from moves to tasks, once."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from analytics.allocation.computing import digest_of, policy_facts
from analytics.allocation.levels import present_level, share_at_work
from analytics.allocation.states import REBALANCE, RebalanceState
from analytics.models import AllocationPolicy, Rebalance, RebalanceEvent
from protocols.models import Protocol
from scheduling.models import Occurrence, Task, TaskDependency
from scheduling.operating import delete_task, set_enabled
from scheduling.services import TASK_HISTORY, create_task, save_task
from wallets.address_book import Person, actor_of, require_right, second_person_required
from wallets.models import Network, Wallet
from wallets.transactions.operator import NotPossible
from wallets.transitions import move, recorded_all

OPERATE, APPROVE = "analytics.operate_rebalance", "analytics.approve_rebalance"
# What was approved longer ago rests on quotes that nobody should act on.
APPROVAL_HOLDS = timedelta(hours=1)
# A step that comes so late was meant for another market; behind a bridge it may take days.
WINDOW, BRIDGED_WINDOW = timedelta(hours=6), timedelta(days=10)
S = RebalanceState


def approve(*, rebalance: Rebalance, person: Person, reason: str = "") -> Rebalance:
    """Consent to the moves, and make their tasks, switched off; asked twice they are made once.

    Somebody else than who proposed it where limits ask for that. Each run asks gates, limits and
    approvals again: this consent takes the place of none of them.
    """
    with transaction.atomic():
        row = _locked(rebalance)
        if row.state == S.APPROVED:
            return row
        _require(row, S.PROPOSED)
        _require_unchanged(row)
        _require_no_higher_risk(row)
        if row.expires_at > timezone.now():
            alone = _require_person(row, person)
            return _approved(row, person, reason, alone=alone)
    return _too_late(row, actor_of(person))


def apply(*, rebalance: Rebalance, person: Person, reason: str = "") -> Rebalance:
    """Switch the tasks on, due now, and note the weights as they were; asked twice it is once."""
    require_right(person, OPERATE)
    with transaction.atomic():
        row = _locked(rebalance)
        if row.state == S.APPLIED:
            return row
        _require(row, S.APPROVED)
        _require_unchanged(row)
        _require_no_higher_risk(row)
        if row.approved_at is not None and row.approved_at > timezone.now() - APPROVAL_HOLDS:
            return _applied(row, person, reason)
    return _too_late(row, actor_of(person))


def refuse(*, rebalance: Rebalance, person: Person, reason: str) -> Rebalance:
    """Not this one: its tasks, if there are any, stay switched off."""
    if not person.has_perm(APPROVE):
        require_right(person, OPERATE)
    with transaction.atomic():
        row = _locked(rebalance)
        if row.state not in (S.PROPOSED, S.APPROVED):
            raise NotPossible(f"{row} is {row.state}; only what is open can be refused")
        return _ended(row, S.REFUSED, actor_of(person), reason)


def expire_old() -> int:
    """End what nobody has approved or applied in time; how many that were."""
    now = timezone.now()
    old = Rebalance.objects.filter(state=S.PROPOSED, expires_at__lte=now)
    late = Rebalance.objects.filter(state=S.APPROVED, approved_at__lte=now - APPROVAL_HOLDS)
    rows = [*old, *late]
    for row in rows:
        _too_late_row(row, "worker")
    return len(rows)


def digest_of_moves(policy: AllocationPolicy, moves: Sequence[Mapping[str, Any]]) -> str:
    """Binds the moves and the policy as it was, with what it is spread over."""
    parts = {name: [policy_facts(one) for one in rows] for name, rows in _parts_of(policy)}
    return digest_of({"policy": policy_facts(policy), "moves": list(moves), **parts})


def _parts_of(policy: AllocationPolicy) -> Iterator[tuple[str, Any]]:
    """Read anew: whoever asks may have them from before they were changed."""
    yield "buckets", policy.buckets.order_by("pk").all()
    yield "caps", policy.caps.order_by("pk").all()


def _approved(row: Rebalance, person: Person, reason: str, *, alone: bool) -> Rebalance:
    tasks = list(_tasks(row))
    row.tasks.set(tasks)
    actor = actor_of(person)
    keys = [task.pk for task in tasks]
    recorded_all(TASK_HISTORY, keys, "", "disabled", actor=actor, reason=f"made by {row}")
    whose = "one person alone" if alone else "a second person"
    return move(
        row,
        S.APPROVED,
        machine=REBALANCE,
        actor=actor,
        reason=_told(f"{len(tasks)} tasks, by {whose}", reason),
        approved_by_id=person.pk,
        approved_at=timezone.now(),
        approved_alone=alone,
    )


def _applied(row: Rebalance, person: Person, reason: str) -> Rebalance:
    now, actor = timezone.now().replace(microsecond=0), actor_of(person)
    tasks = list(row.tasks.select_related("protocol", "network", "changed_by").order_by("pk"))
    _require_untouched(row, tasks)
    for task in tasks:
        task.starts_at, task.enabled = now, True
        save_task(task=task, person=task.changed_by)
    keys = [task.pk for task in tasks]
    told = f"applied with {row}"
    recorded_all(TASK_HISTORY, keys, "disabled", "enabled", actor=actor, reason=told)
    RebalanceEvent.objects.create(
        rebalance=row,
        began_at=now,
        before=[
            {"name": line["name"], "cents": line["current_cents"], "bps": line["current_bps"]}
            for line in row.run.lines
        ],
        planned_cost_cents=row.cost_cents or 0,
    )
    return move(
        row, S.APPLIED, machine=REBALANCE, actor=actor, reason=_told(f"{len(tasks)} tasks", reason)
    )


def _told(fact: str, reason: str) -> str:
    return f"{fact}: {reason}" if reason else fact


def _tasks(row: Rebalance) -> Iterator[Task]:
    """A task for each leg, after the leg before it: what is bought was sold first."""
    for number, one in enumerate(row.moves, 1):
        needs: tuple[Task, ...] = ()
        bridged = any(leg["kind"] == "bridge" for leg in one["legs"])
        for place, leg in enumerate(one["legs"], 1):
            task = _task(f"rebalance {row.pk} {number}.{place} {leg['kind']}", leg)
            window = BRIDGED_WINDOW if bridged else WINDOW
            task.window_seconds = int(window.total_seconds())
            yield create_task(task=task, wallets=_wallets(leg), needs=needs, person=row.created_by)
            needs = (task,)


def _task(name: str, leg: Mapping[str, Any]) -> Task:
    return Task(
        name=name,
        protocol=Protocol.objects.get(slug=leg["protocol"]),
        action=leg["action"],
        network=Network.objects.get(slug=leg["network"]),
        schedule=Task.Schedule.ONCE,
        starts_at=timezone.now(),
        enabled=False,
    )


def _wallets(leg: Mapping[str, Any]) -> dict[Wallet, dict[str, Any]]:
    rows = {one.label: one for one in Wallet.objects.filter(label__in=leg["wallets"])}
    if gone := sorted(set(leg["wallets"]) - set(rows)):
        raise NotPossible(f"there is no wallet {', '.join(gone)} any more; propose it anew")
    return {rows[label]: dict(params) for label, params in leg["wallets"].items()}


def _require_untouched(row: Rebalance, tasks: Sequence[Task]) -> None:
    """The tasks are those that were approved, and none was ever due."""
    legs = [leg for one in row.moves for leg in one["legs"]]
    wanted = [(leg["protocol"], leg["action"], leg["network"], leg["wallets"]) for leg in legs]
    found = [
        (
            task.protocol.slug,
            task.action,
            task.network.slug,
            dict(task.task_wallets.values_list("wallet__label", "params")),
        )
        for task in tasks
    ]
    extra = any(task.params or task.enabled or task.due_count for task in tasks)
    members = any(task.tags.exists() or task.groups.exists() for task in tasks)
    ran = Occurrence.objects.filter(task__in=tasks).exists()
    if found != wanted or extra or members or ran or _is_rescheduled(row, tasks):
        raise NotPossible(f"the tasks of {row} were changed since they were made; refuse it")


def _is_rescheduled(row: Rebalance, tasks: Sequence[Task]) -> bool:
    """Whether one would come more often, later, or without the one before it."""
    usual = Task()
    often = any(
        task.schedule != Task.Schedule.ONCE or task.times != usual.times or not task.window_seconds
        for task in tasks
    )
    fees = any(task.max_fee_ceiling or task.urgency != usual.urgency for task in tasks)
    order = [list(task.dependencies.values_list("needs", "condition")) for task in tasks]
    pks = iter(task.pk for task in tasks)
    wanted: list[list[tuple[int, str]]] = []
    for one in row.moves:
        chain = [pk for _, pk in zip(one["legs"], pks, strict=False)]
        succeeded = str(TaskDependency.Condition.SUCCEEDED)
        wanted += [[], *([(before, succeeded)] for before in chain[:-1])]
    return often or fees or order != wanted


def _require_person(row: Rebalance, person: Person) -> bool:
    """Whether whoever consents is alone in it; NotPossible where they may not."""
    is_maker = row.created_by_id in (None, person.pk)
    needed = list(row.second_person)
    require_right(person, OPERATE if is_maker and not needed else APPROVE)
    if is_maker and needed and second_person_required():
        raise NotPossible(
            f"{person.get_username()} proposed {row}; a second person approves it: "
            f"{'; '.join(needed)}"
        )
    return is_maker


def _require_unchanged(row: Rebalance) -> None:
    if row.digest != digest_of_moves(row.policy, row.moves):
        raise NotPossible(f"{row} or its policy was changed since it was proposed; propose it anew")


def _require_no_higher_risk(row: Rebalance) -> None:
    """What was worked out while more was allowed to be at work is not done when less is."""
    level = present_level(timezone.now())
    if share_at_work(row.policy, level) < share_at_work(row.policy, row.run.level):
        raise NotPossible(
            f"the risk was {row.run.level} when {row} was proposed and is {level} now, at which "
            "less may be at work; propose it anew"
        )


def _require(row: Rebalance, state: RebalanceState) -> None:
    if row.state != state:
        raise NotPossible(f"{row} is {row.state}, not {state}")


def _locked(rebalance: Rebalance) -> Rebalance:
    rows = Rebalance.objects.select_for_update(of=("self",))
    return rows.select_related("policy", "run", "created_by").get(pk=rebalance.pk)


def _too_late(row: Rebalance, actor: str) -> Rebalance:
    """Outside of the transaction that refused: the end of the row stays."""
    _too_late_row(row, actor)
    raise NotPossible(f"{row} rests on prices of more than an hour ago; propose it anew")


def _too_late_row(row: Rebalance, actor: str) -> None:
    with transaction.atomic():
        locked = _locked(row)
        if locked.state in (S.PROPOSED, S.APPROVED):
            _ended(locked, S.EXPIRED, actor, "its prices and quotes are too old")


def _ended(row: Rebalance, state: RebalanceState, actor: str, reason: str) -> Rebalance:
    """Tasks that were never due go with it: nobody shall switch on old quotes.

    One that somebody ran or that another task waits for stays, switched off: else the end itself
    would not be possible.
    """
    for task in row.tasks.order_by("-pk"):
        told = f"{row}: {reason}"
        try:
            delete_task(task=task, actor=actor, reason=told)
        except NotPossible:
            set_enabled(tasks=[task], enabled=False, actor=actor, reason=told)
    return move(row, state, machine=REBALANCE, actor=actor, reason=reason, detail=reason[:500])
