"""What begins, goes on and is over; and that everybody is told of it once."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from analytics.alerts import providers, services
from analytics.alerts.evaluating import evaluate
from analytics.models import Alert, Notification
from tests import factories
from tests.analytics.alerts.conftest import Channels
from wallets.models import EmergencyStop, Network
from wallets.services import engage_stop, lift_stop

pytestmark = [pytest.mark.django_db, pytest.mark.db]

HOOK = "hook://127.0.0.1:1/?secret=a-secret-of-the-tests"


@pytest.fixture(autouse=True)
def _quiet(settings: Settings, channels: Channels) -> None:
    """Two channels, two people to call; chains that came with the migrations are not asked."""
    settings.CONTACTS = ["ada 1", "bob 2"]
    settings.BACKUP_HOURS = 0
    settings.DISK_FREE_PERCENT = 0
    Network.objects.update(enabled=False)
    channels(ops=HOOK, mail=HOOK)


def told(kind: str = "firing") -> list[tuple[str, str]]:
    rows = Notification.objects.filter(kind=kind).order_by("pk")
    return list(rows.values_list("alert__rule", "channel"))


def engage() -> None:
    engage_stop(reason="a drill", actor="ada")


def test_nothing_is_wrong_with_nothing() -> None:
    looked = evaluate()
    assert list(Alert.objects.values_list("rule", "summary")) == []
    assert looked.written == 0


def test_all_channels_are_told_once_and_told_when_it_is_over() -> None:
    engage()
    evaluate()
    evaluate()
    assert told() == [("emergency_stop", "ops"), ("emergency_stop", "mail")]
    assert "To call: ada 1." in Notification.objects.order_by("pk")[0].text
    lift_stop(reason="done", actor="ada")
    evaluate()
    evaluate()
    assert told("resolved") == [("emergency_stop", "ops"), ("emergency_stop", "mail")]
    assert Alert.objects.get().state == "resolved"


def test_what_has_not_held_for_long_enough_is_not_said() -> None:
    now = timezone.now()
    services.set_rule(name="emergency_stop", changes={"for_seconds": 60}, actor="ada", reason="x")
    engage()
    evaluate(now)
    assert Alert.objects.get().state == "pending"
    lift_stop(reason="done", actor="ada")
    evaluate(now + timedelta(seconds=30))
    assert not Alert.objects.exists()
    engage()
    for seconds in (40, 99, 100):
        evaluate(now + timedelta(seconds=seconds))
        assert bool(told()) == (seconds == 100)


def test_a_rule_that_cannot_be_looked_at_keeps_no_other_back_and_ends_nothing() -> None:
    now = timezone.now()
    factories.OperationFactory.create(outcome="failed", started_at=now, ended_at=now)
    evaluate(now)
    assert Alert.objects.get().rule == "operation_failed"
    kept = providers._provided.pop("operation_failed")
    engage()
    try:
        for seconds in (1, 62):
            evaluate(now + timedelta(seconds=seconds))
    finally:
        providers.provide("operation_failed", kept)
    states = dict(Alert.objects.values_list("rule", "state"))
    wanted = ("operation_failed", "emergency_stop", "rule_failing")
    assert states == dict.fromkeys(wanted, "firing")


def test_an_alert_nobody_acknowledges_goes_to_the_next() -> None:
    engage()
    now = timezone.now()
    route = {"route": "ops > mail"}
    services.set_rule(name="emergency_stop", changes=route, actor="ada", reason="x")
    evaluate(now)
    assert told() == [("emergency_stop", "ops")]
    for minutes in (14, 16, 40, 80):
        evaluate(now + timedelta(minutes=minutes))
    assert told("escalated") == [("emergency_stop", "mail")]
    assert "To call: bob 2." in Notification.objects.get(kind="escalated").text


def test_an_acknowledged_one_does_not() -> None:
    engage()
    now = timezone.now()
    evaluate(now)
    services.acknowledge(alert=Alert.objects.get(), actor="ada")
    evaluate(now + timedelta(hours=1))
    assert not told("escalated")


def test_what_is_silenced_is_told_of_afterwards() -> None:
    now = timezone.now()
    engage()
    until = now + timedelta(hours=1)
    made = services.silence(until=until, by="ada", reason="a drill", rule="emergency_stop")
    evaluate(now)
    assert Alert.objects.get().state == "firing"
    assert not told()
    services.lift_silence(silence=made, actor="ada")
    evaluate(now + timedelta(minutes=1))
    assert told() == [("emergency_stop", "ops"), ("emergency_stop", "mail")]


def test_a_channel_that_fails_is_told_of_to_the_others() -> None:
    evaluate()
    factories.NotificationFactory.create(
        channel="ops",
        state="failed",
        created_at=timezone.now(),
        alert__state="resolved",
        alert__resolved_at=timezone.now(),
    )
    evaluate()
    assert ("channel_failing", "mail") in told()
    assert ("channel_failing", "ops") not in told()


def test_a_setting_that_cannot_be_read_is_an_alert_and_what_fires_is_told_later(
    channels: Channels,
) -> None:
    engage()
    channels(ops="nonsense")
    evaluate()
    fired = set(Alert.objects.values_list("rule", flat=True))
    assert fired == {"emergency_stop", "channels_unreadable"}
    channels(ops=HOOK)
    evaluate()
    assert told() == [("emergency_stop", "ops")]


def test_a_report_is_told_in_its_own_words_and_not_when_it_is_old() -> None:
    now = timezone.now()
    factories.ReportFactory.create(made_at=now)
    evaluate(now)
    assert "Value 100.00" in Notification.objects.filter(channel="ops").get().text
    evaluate(now + timedelta(days=1))
    assert not told("resolved")


def busy(now: datetime, count: int) -> None:
    """More of everything that the rules look at."""
    for _ in range(count):
        network = factories.NetworkFactory.create()
        factories.RpcEndpointFactory.create(
            network=network, consecutive_errors=9, latency_ms=9_000, answered_at=now
        )
        row = factories.TransactionFactory.create(network=network, state="needs_operator", nonce=1)
        factories.GasReadingFactory.create(network=network, at=now, hour=now)
        factories.CampaignFactory.create(claim_closes_at=now + timedelta(hours=1))
        factories.UnbookedFactory.create(transaction=row)
        EmergencyStop.objects.create(
            scope_kind="wallet", scope_value=str(row.pk), engaged=True, reason="a drill"
        )


def test_more_rows_cost_no_more_queries() -> None:
    now = timezone.now()
    counts = []
    for count in (2, 6):
        busy(now, count)
        evaluate(now)
        with CaptureQueriesContext(connection) as asked:
            evaluate(now)
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert Alert.objects.filter(rule="rpc_down", state="pending").count() == 8
