"""What the guard of gates asks about, what passes it, and what it costs."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from scheduling.gates import guard
from scheduling.gates.gas import GasSpikeGate
from scheduling.gates.hours import is_open, next_opening
from scheduling.gates.registry import Subject
from scheduling.gates.slippage import SlippageGate
from scheduling.models import Breaker, GateCount, Run
from scheduling.runs import advance_runs
from tests import factories
from tests.scheduling import gates
from tests.scheduling.trading import run_of
from wallets.models import GasReading, Network, PolicyRule, Transaction, Wallet
from wallets.transactions.guards import Answer
from wallets.transactions.limits import read_limits

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def run() -> Run:
    """A run of a protocol whose breaker is open."""
    found = factories.RunFactory.create(state="running")
    factories.BreakerFactory.create(protocol=found.task.protocol)
    return found


def asked_by(run: Run, *, index: int = 0, **fields: Any) -> Transaction:
    """A transaction of a step of the run."""
    lane = factories.NonceLaneFactory.create(wallet=run.wallet, network=run.task.network)
    row = factories.TransactionFactory.create(lane=lane, origin=f"run:{run.pk}", **fields)
    factories.StepFactory.create(run=run, index=index, transaction=row)
    return row


def answer(row: Transaction) -> Answer:
    """What the guard says of it."""
    return guard.check_gates([row], None)[row.pk].answer


def test_what_runs_ask_for_is_held(run: Run) -> None:
    assert answer(asked_by(run)) is Answer.HOLD


def test_what_no_run_asks_for_is_not_asked_about(run: Run) -> None:
    assert answer(factories.TransactionFactory.create(origin="cli")) is Answer.ALLOW
    assert answer(factories.TransactionFactory.create(origin=f"run:{run.pk}")) is Answer.ALLOW


def test_a_drain_to_a_safe_address_passes_every_gate(run: Run) -> None:
    said = {"confirmed_by": factories.UserFactory.create(), "confirmed_at": timezone.now()}
    entry = factories.AddressBookEntryFactory.create(is_safe=True, status="confirmed", **said)
    row = asked_by(run, action="drain", to=entry.address, data=b"")
    factories.AllowedHoursFactory.create(
        scope_kind="everything", scope_value="", begins=time(1), ends=time(1, 1)
    )
    assert answer(row) is Answer.ALLOW


def test_a_payment_of_an_approved_plan_passes_the_breaker(run: Run) -> None:
    plan = factories.PlanFactory.create()
    type(run.task).objects.filter(pk=run.task_id).update(plan=plan)
    assert answer(asked_by(run)) is Answer.ALLOW


def test_what_only_brings_in_after_a_bridge_passes_the_breaker(run: Run) -> None:
    row = asked_by(run, index=1, value=0, data=b"\x4e\x71\xd9\x2d", selector="0x4e71d92d")
    assert answer(row) is Answer.HOLD
    factories.StepFactory.create(
        run=run, index=0, kind="wait", state="settled", transaction=None, settlement={}
    )
    assert answer(row) is Answer.HOLD
    PolicyRule.objects.create(
        network=row.network,
        address=row.to,
        selector="0x4e71d92d",
        protocol="evm",
        signature="claim()",
        code_hash=factories.a_hash("code"),
        source="https://contracts.example",
    )
    assert answer(row) is Answer.ALLOW


def test_a_request_of_a_run_is_asked_about_too(run: Run) -> None:
    request = factories.SignedRequestFactory.create(origin=f"run:{run.pk}", wallet=run.wallet)
    told = guard.check_gates_of_request(request)
    assert told.answer is Answer.HOLD
    assert told.sentence.startswith("the circuit breaker of EVM is open")


def test_half_open_only_the_run_that_is_tried_signs(run: Run) -> None:
    row = asked_by(run)
    Breaker.objects.update(state="half_open", probe=factories.RunFactory.create(state="running"))
    assert answer(row) is Answer.HOLD
    Breaker.objects.update(probe=run)
    assert answer(row) is Answer.ALLOW


def test_a_quote_without_slippage_is_not_known_to_be_within_a_limit(run: Run) -> None:
    row = asked_by(run, expectations={"quoted_out": "5"})
    gates.limit("max_slippage", 20)
    subject = Subject(row, run.task, read_limits(row.lane))
    assert SlippageGate().check([subject]) == [
        "its quote has no slippage, so it is not known to be within the 0.2 % allowed"
    ]


def test_a_reading_that_is_older_than_allowed_counts_as_unknown(run: Run) -> None:
    row = asked_by(run)
    gates.limit("max_gas_spike", 300)
    gates.gas_history(row.network, now=1)
    subject = Subject(row, run.task, read_limits(row.lane))
    assert GasSpikeGate().check([subject]) == [""]
    GasReading.objects.update(at=timezone.now() - timedelta(minutes=2))
    gates.limit("max_age", 60)
    subject = Subject(row, run.task, read_limits(row.lane))
    (told,) = GasSpikeGate().check([subject])
    assert told.endswith("s old, older than 60 s, and counts as unknown")


def test_as_many_questions_for_several_as_for_one(run: Run) -> None:
    lane = factories.NonceLaneFactory.create(wallet=run.wallet, network=run.task.network)
    made = {"lane": lane, "origin": f"run:{run.pk}"}
    rows = [factories.TransactionFactory.create(**made) for _ in range(3)]
    for index, row in enumerate(rows):
        factories.StepFactory.create(run=run, index=index, transaction=row)
    factories.LimitFactory.create(kind="max_gas_spike", scope_kind="everything", scope_value="")
    counts = []
    for asked in (rows[:1], rows):
        with CaptureQueriesContext(connection) as queries:
            guard.check_gates(asked, read_limits(lane))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 10


def test_a_hold_is_counted_when_it_begins_and_not_at_every_look(
    registered: Network, trader: Wallet, django_capture_on_commit_callbacks: Any
) -> None:
    factories.BreakerFactory.create(
        protocol=factories.ProtocolFactory.create(slug="evm"), reason="it fails"
    )
    run_of(registered, trader, "wrap", {"amount": "5"})
    for _ in range(3):
        Run.objects.update(wake_at=timezone.now())
        with django_capture_on_commit_callbacks(execute=True):
            advance_runs()
    assert list(GateCount.objects.values_list("gate", "day", "count")) == [
        ("breaker", timezone.now().date(), 1)
    ]


@pytest.mark.parametrize(
    ("at", "inside", "opens"),
    [
        # Friday's night shift ends on Saturday; Berlin is an hour ahead in winter, two in summer.
        ("2026-03-27 20:59", False, "2026-03-27 21:00"),
        ("2026-03-27 21:00", True, "2026-04-03 20:00"),
        ("2026-03-28 04:59", True, "2026-04-03 20:00"),
        ("2026-03-28 05:00", False, "2026-04-03 20:00"),
        ("2026-04-03 20:00", True, "2026-04-10 20:00"),
    ],
)
def test_hours_follow_the_clocks_of_their_place(at: str, inside: bool, opens: str) -> None:
    row = factories.AllowedHoursFactory.build(weekdays="fri", begins=time(22), ends=time(6))
    now = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert is_open(row, now) is inside
    assert next_opening(row, now) == datetime.fromisoformat(opens).replace(tzinfo=UTC)
