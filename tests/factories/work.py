"""Protocols, tasks, runs and steps."""

# mypy: disable-error-code="no-untyped-call"

from datetime import time, timedelta
from typing import Any

from factory.declarations import LazyAttribute, LazyFunction, SelfAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from protocols.models import Deployment, Protocol
from scheduling.models import (
    AllowedHours,
    Approval,
    Breaker,
    GateCount,
    Occurrence,
    Pause,
    Run,
    RunAllowance,
    Step,
    Task,
    TaskDependency,
    TaskWallet,
)
from tests.factories.networks import NetworkFactory
from tests.factories.signing import TransactionFactory, WalletFactory
from tests.factories.values import NOON, a_hash, an_address


class ProtocolFactory(DjangoModelFactory[Protocol]):
    """The protocol of plain EVM calls, made once."""

    class Meta:
        model = Protocol
        django_get_or_create = ("slug",)

    slug = "evm"
    name = LazyAttribute(lambda row: row.slug.upper())


class DeploymentFactory(DjangoModelFactory[Deployment]):
    """A verified, enabled contract."""

    class Meta:
        model = Deployment

    protocol = SubFactory(ProtocolFactory)
    network = SubFactory(NetworkFactory)
    role = Sequence(lambda n: f"router_{n}")
    address = Sequence(lambda n: an_address(f"contract {n}"))
    abi = "router"
    code_hash = Sequence(lambda n: a_hash(f"code {n}"))
    source = "https://contracts.example"
    verified_at = NOON
    enabled = True


class TaskFactory(DjangoModelFactory[Task]):
    """A transfer every hour, switched off."""

    class Meta:
        model = Task

    name = Sequence(lambda n: f"Task {n}")
    protocol = SubFactory(ProtocolFactory)
    action = "transfer"
    network = SubFactory(NetworkFactory)
    schedule = Task.Schedule.INTERVAL
    interval_seconds = 3_600
    starts_at = NOON
    enabled = False


class TaskWalletFactory(DjangoModelFactory[TaskWallet]):
    """A wallet of a task."""

    class Meta:
        model = TaskWallet

    task = SubFactory(TaskFactory)
    wallet = SubFactory(WalletFactory)


class TaskDependencyFactory(DjangoModelFactory[TaskDependency]):
    """One task after another."""

    class Meta:
        model = TaskDependency

    task = SubFactory(TaskFactory)
    needs = SubFactory(TaskFactory)


class OccurrenceFactory(DjangoModelFactory[Occurrence]):
    """A due time that was started."""

    class Meta:
        model = Occurrence

    task = SubFactory(TaskFactory)
    wallet = SubFactory(WalletFactory)
    due_at = Sequence(lambda n: NOON + timedelta(hours=n))
    state = "started"


class RunFactory(DjangoModelFactory[Run]):
    """A run that succeeded."""

    class Meta:
        model = Run

    occurrence = SubFactory(OccurrenceFactory)
    task = SelfAttribute("occurrence.task")
    wallet = SelfAttribute("occurrence.wallet")
    summary = "send 1 ETH"
    state = "succeeded"


def _spec(row: Any) -> dict[str, Any]:
    call = {"label": row.label, "to": an_address(row.index), "data": "0x", "value": "0"}
    return {**call, "valid_until": None, "expectations": {}}


class StepFactory(DjangoModelFactory[Step]):
    """A call that waits for its transaction."""

    class Meta:
        model = Step

    run = SubFactory(RunFactory)
    index = 0
    kind = Step.Kind.CALL
    label = "send 1 ETH"
    spec = LazyAttribute(_spec)
    state = "submitted"
    transaction = SubFactory(TransactionFactory, final=True)


class RunAllowanceFactory(DjangoModelFactory[RunAllowance]):
    """An allowance of which nothing is left."""

    class Meta:
        model = RunAllowance

    run = SelfAttribute("last_use.run")
    token = Sequence(lambda n: an_address(f"token {n}"))
    spender = Sequence(lambda n: an_address(f"spender {n}"))
    amount = 5_000_000
    last_use = SubFactory(StepFactory)
    look_at = None
    detail = "nothing is left"


class BreakerFactory(DjangoModelFactory[Breaker]):
    """One that has opened."""

    class Meta:
        model = Breaker
        django_get_or_create = ("protocol",)

    protocol = SubFactory(ProtocolFactory)
    state = "open"
    failures = 3
    reason = "3 runs in a row failed, run 7 last: it would revert"


class AllowedHoursFactory(DjangoModelFactory[AllowedHours]):
    """Working days of an office."""

    class Meta:
        model = AllowedHours

    scope_kind = "wallet"
    scope_value = Sequence(lambda n: f"office-{n}")
    weekdays = "mon,tue,wed,thu,fri"
    begins = time(9)
    ends = time(17)
    timezone = "Europe/Berlin"


class GateCountFactory(DjangoModelFactory[GateCount]):
    """Three holds on a day."""

    class Meta:
        model = GateCount

    gate = Sequence(lambda n: f"gate_{n}")
    day = NOON.date()
    count = 3


class ApprovalFactory(DjangoModelFactory[Approval]):
    """One that waits, of a plan of one call."""

    class Meta:
        model = Approval

    run = SubFactory(RunFactory, state="held")
    plan = LazyFunction(
        lambda: {"summary": "send 1 ETH", "relies_on": [], "steps": [], "rests_on": []}
    )
    digest = Sequence(lambda n: a_hash(f"approval {n}")[2:])
    reasons = LazyFunction(lambda: ["the task asks for it"])
    expires_at = NOON + timedelta(days=3650)


class PauseFactory(DjangoModelFactory[Pause]):
    """A paused wallet."""

    class Meta:
        model = Pause

    scope_kind = Pause.Scope.WALLET
    scope_value = Sequence(lambda n: f"paused-{n}")
    reason = "looked into"
    actor = "user alice"
