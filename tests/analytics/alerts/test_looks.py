"""Every rule holds of what it is about, says which, and of nothing else."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from analytics.alerts.facts import Look
from analytics.alerts.rules import RULE_FAILING, RULES
from tests import factories
from wallets.limit_usage import used_now
from wallets.models import Installation, Limit, Network
from wallets.services import engage_stop, lift_stop

pytestmark = [pytest.mark.django_db, pytest.mark.db]

NOW = timezone.now
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def ago(span: timedelta) -> datetime:
    return NOW() - span


def endpoint(**seen: object) -> None:
    network = factories.NetworkFactory.create(slug="base-2")
    facts = {"answered_at": NOW(), **seen}
    factories.RpcEndpointFactory.create(network=network, name="first", **facts)


def silent_host() -> None:
    for host, seen in (("here", NOW()), ("there", ago(5 * MINUTE)), ("gone", ago(48 * HOUR))):
        factories.WorkerClusterFactory.create(host=host, started_at=seen, beat_at=seen)


def failing_job() -> None:
    factories.WakeUpFactory.create(path="wallets.tasks.watch_network", last_error="KeyError")


def late_task(span: timedelta = HOUR) -> None:
    factories.TaskFactory.create(enabled=True, next_due_at=ago(span))


def stuck(span: timedelta = HOUR) -> None:
    row = factories.TransactionFactory.create(
        network=factories.NetworkFactory.create(slug="base-2"), state="broadcast", nonce=1
    )
    type(row).objects.update(state_changed_at=ago(span))


def low_success(good: int = 18) -> None:
    network = factories.NetworkFactory.create()
    lane = factories.NonceLaneFactory.create(network=network)
    for nonce in range(20):
        outcome = "succeeded" if nonce < good else "reverted"
        factories.TransactionFactory.create(
            lane=lane, network=network, state="final", outcome=outcome, nonce=nonce
        )


def failing_jobs(completed: int = 197) -> None:
    factories.JobMarkFactory.create(at=ago(30 * MINUTE))
    factories.WakeUpFactory.create(completed=completed, failures=3)


def waits(span: timedelta, *, asked: timedelta = MINUTE / 2, jobs: int = 1) -> object:
    since = {"enqueued_at": ago(asked), "waiting_since": ago(span)}
    return factories.WakeUpFactory.create_batch(jobs, **since)


def skewed(seconds: int) -> None:
    network = factories.NetworkFactory.create(slug="base-2", kind="testnet", block_seconds=2)
    facts = {"taken_at": NOW(), "block_at": NOW() - timedelta(seconds=seconds)}
    factories.BalanceSnapshotFactory.create(network=network, **facts)


def without_minimum_known() -> None:
    wallet = factories.WalletFactory.create()
    factories.MinimumBalanceFactory.create(wallet=wallet, amount=2)


def gas_spike(newest: int = 34) -> None:
    network = factories.NonceLaneFactory.create(
        network=factories.NetworkFactory.create(slug="base-2")
    ).network
    for hours, price in ((3, 10), (2, 12), (1, 11), (0, newest)):
        moment = ago(hours * HOUR)
        factories.GasReadingFactory.create(network=network, hour=moment, at=moment, price=price)


def nearly_used(amount: int = 95) -> None:
    limit = factories.LimitFactory.create(
        kind="max_day_fees", amount=100, scope_kind="everything", scope_value=""
    )
    factories.SpendReservationFactory.create(
        limit=limit, amount=amount, day=NOW().date(), hour=None, share=""
    )
    assert used_now([limit])


def under_minimum(amount: int = 1) -> None:
    token = factories.TokenFactory.create(network=factories.NetworkFactory.create(slug="base-2"))
    balance = factories.BalanceFactory.create(token=token, amount=amount)
    factories.MinimumBalanceFactory.create(token=token, amount=2, wallet=balance.wallet)


def closing_claim(left: timedelta = HOUR) -> None:
    campaign = factories.CampaignFactory.create(slug="drop", claim_closes_at=NOW() + left)
    factories.ClaimFactory.create(campaign=campaign, status="claimable")


def operation(outcome: str, **more: object) -> object:
    facts = {"kind": "cleanup", "started_at": NOW(), "ended_at": NOW(), **more}
    return factories.OperationFactory.create(outcome=outcome, **facts)


def reading(level: str, age: timedelta = MINUTE) -> None:
    factories.RiskReadingFactory.create(level=level, reasons=["a loss"], at=ago(age))


Making = Callable[[], object]
CASES: dict[str, tuple[str, Making]] = {
    "worker_silent": ("there", silent_host),
    "job_failing": ("watch_network", failing_job),
    "job_errors": ("jobs", failing_jobs),
    "queue_old": ("queue", lambda: waits(10 * MINUTE)),
    "queue_long": ("queue", lambda: waits(MINUTE, jobs=201)),
    "tasks_late": ("scheduler", late_task),
    "transactions_stuck": ("base-2", stuck),
    "needs_operator": (
        "transactions",
        lambda: factories.TransactionFactory.create(state="needs_operator", nonce=1),
    ),
    "success_rate": ("transactions", low_success),
    "approval_waiting": ("approvals", lambda: factories.ApprovalFactory.create()),
    "clock_skew": ("base-2", lambda: skewed(-40)),
    "minimum_unknown": ("balances", without_minimum_known),
    "books_differ": ("books", lambda: operation("findings", kind="books")),
    "rpc_slow": ("base-2/first", lambda: endpoint(latency_ms=2_500)),
    "rpc_down": ("base-2/first", lambda: endpoint(consecutive_errors=3)),
    "rpc_breaker_open": ("base-2/first", lambda: endpoint(open_until=NOW() + MINUTE)),
    "network_silent": ("base-2", lambda: endpoint(answered_at=ago(5 * MINUTE))),
    "gas_spike": ("base-2", gas_spike),
    "emergency_stop": ("everything", lambda: engage_stop(reason="a drill", actor="ada")),
    "paused": ("installation", lambda: Installation.objects.update(paused=True)),
    "protocol_breaker_open": (
        "evm-2",
        lambda: factories.BreakerFactory.create(
            state="open", protocol=factories.ProtocolFactory.create(slug="evm-2")
        ),
    ),
    "risk_high": ("risk", lambda: reading("high")),
    "risk_critical": ("risk", lambda: reading("critical")),
    "risk_unknown": ("risk", lambda: reading("low", HOUR)),
    "limit_nearly_used": ("max_day_fees everything", nearly_used),
    "wallets_under_minimum": ("base-2", under_minimum),
    "contracts_changed": (
        "contracts",
        lambda: factories.DeploymentFactory.create(changed_at=NOW(), enabled=False),
    ),
    "unbooked": ("books", lambda: factories.UnbookedFactory.create()),
    "claim_closing": ("drop", closing_claim),
    "backup_old": (
        "backup",
        lambda: operation(
            "succeeded", kind="backup", started_at=ago(48 * HOUR), ended_at=ago(47 * HOUR)
        ),
    ),
    "operation_failed": ("cleanup", lambda: operation("failed")),
    "operation_findings": ("cleanup", lambda: operation("findings")),
}
# What comes near and is not it.
NEARLY: dict[str, Making] = {
    "worker_silent": lambda: factories.WorkerClusterFactory.create(beat_at=ago(MINUTE / 2)),
    "job_failing": lambda: factories.WakeUpFactory.create(failures=5),
    "job_errors": lambda: failing_jobs(completed=297),
    "queue_old": lambda: (waits(MINUTE), waits(HOUR, asked=HOUR)),
    "queue_long": lambda: waits(HOUR, jobs=3),
    "tasks_late": lambda: late_task(MINUTE),
    "transactions_stuck": lambda: stuck(MINUTE / 60),
    "needs_operator": stuck,
    "success_rate": lambda: low_success(good=19),
    "approval_waiting": lambda: factories.ApprovalFactory.create(expires_at=ago(MINUTE)),
    "rpc_slow": lambda: endpoint(latency_ms=1_900),
    "rpc_down": lambda: endpoint(consecutive_errors=2),
    "rpc_breaker_open": lambda: endpoint(open_until=ago(MINUTE)),
    "network_silent": lambda: endpoint(answered_at=ago(MINUTE)),
    "clock_skew": lambda: skewed(29),
    "gas_spike": lambda: gas_spike(33),
    "emergency_stop": lambda: (
        engage_stop(reason="a drill", actor="ada"),
        lift_stop(reason="it is over", actor="ada"),
    ),
    "paused": factories.NonceLaneFactory.create,
    "protocol_breaker_open": lambda: factories.BreakerFactory.create(state="closed"),
    "risk_high": lambda: reading("medium"),
    "risk_critical": lambda: reading("high"),
    "risk_unknown": lambda: reading("low"),
    "limit_nearly_used": lambda: nearly_used(89),
    "wallets_under_minimum": lambda: under_minimum(2),
    "minimum_unknown": under_minimum,
    "contracts_changed": factories.DeploymentFactory.create,
    "unbooked": factories.LedgerEntryFactory.create,
    "claim_closing": lambda: closing_claim(49 * HOUR),
    "backup_old": lambda: operation("succeeded", kind="backup"),
    "operation_failed": lambda: (operation("failed"), operation("succeeded")),
    "operation_findings": lambda: operation("findings", kind="books"),
    "books_differ": lambda: (
        operation("findings", kind="books"),
        operation("succeeded", kind="books"),
    ),
}
# Seen in the tests of what they are about: reports, messages, a rule that fails.
ELSEWHERE = {"report_ready", "channel_failing", "channels_unreadable", RULE_FAILING.name}


@pytest.fixture(autouse=True)
def _no_networks() -> None:
    Network.objects.update(enabled=False)
    Limit.objects.all().delete()


def found(name: str) -> list[str]:
    rule = RULES[name]
    return [fact.subject for fact in rule.look(Look(NOW(), rule.threshold))]


@pytest.mark.parametrize("name", CASES)
def test_a_rule_holds_of_what_it_is_about_and_of_nothing_near_it(name: str) -> None:
    subject, make = CASES[name]
    point = transaction.savepoint()
    NEARLY[name]()
    assert found(name) == []
    transaction.savepoint_rollback(point)
    make()
    assert found(name) == [subject]


def test_a_full_disk_is_told(settings: Settings) -> None:
    settings.DISK_FREE_PERCENT = 0
    assert found("disk_low") == []
    settings.DISK_FREE_PERCENT = 101
    assert len(found("disk_low")) == 1


def test_every_rule_is_seen() -> None:
    assert set(RULES) - set(CASES) - ELSEWHERE == {"disk_low"}


@pytest.mark.parametrize(("named", "told"), [("ops", ["ops"]), ("mail", [])])
def test_a_channel_that_was_taken_out_of_the_setting_fails_no_more(
    settings: Settings, named: str, told: list[str]
) -> None:
    settings.ALERT_CHANNELS = lambda: f"{named}=hook://127.0.0.1:9/?secret=a-secret-of-the-tests"
    now = timezone.now()
    factories.NotificationFactory.create(channel="ops", state="failed", created_at=now, due_at=now)
    assert found("channel_failing") == told
