"""Health's single parts: their addresses, their time, and what a machine and its keys say."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from airdrops_site.health.component import Component, Severity
from airdrops_site.health.machine import look_at_backups, look_at_clock, look_at_disk
from airdrops_site.health.networks import look_at_networks
from airdrops_site.health.queue import COUNTED, SLOW_AFTER, look_at_queue
from airdrops_site.health.registry import CHECKS, Check
from airdrops_site.health.report import take_report
from airdrops_site.health.storage import _known_migrations
from airdrops_site.health.survey import Survey
from airdrops_site.health.wallets import look_at_keys
from tests import factories
from tests.airdrops_site.conftest import add_network
from wallets import key_checks
from wallets.models import RpcEndpoint, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]
HEALTHY, DEGRADED, UNHEALTHY = Severity
committed = pytest.mark.django_db(transaction=True, serialized_rollback=True)
TOKEN = {"Authorization": "Bearer metrics-token-of-the-tests"}


def seen(component: Component) -> tuple[object, Severity]:
    """What the public is told, and how bad it is."""
    return component.public.get("status"), component.severity


def test_liveness_touches_no_database(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert client.get("/health/live").json() == {"status": "alive"}


@committed
def test_ready_is_the_database_alone(client: Client) -> None:
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["component"]) == (200, {"status": "connected"})
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("wallets", "0001_initial")
    try:
        answer = client.get("/health/ready")
    finally:
        recorder.record_applied("wallets", "0001_initial")
    assert (answer.status_code, answer.json()["component"]) == (503, {"status": "outdated"})


@committed
def test_a_component_is_told_like_the_whole_and_an_unknown_one_is_404(client: Client) -> None:
    assert client.get("/health/workers").json()["component"] == {"status": "stopped", "alive": 0}
    assert client.get("/health/workers").status_code == 503
    assert "no heartbeat" not in client.get("/health/workers").content.decode()
    assert "No workers" in client.get("/health/workers", headers=TOKEN).json()["problems"][0]
    assert client.get("/health/nothing").status_code == 404


@committed
def test_whom_to_call_is_in_the_details_only(client: Client, settings: Settings) -> None:
    settings.CONTACTS = ["Ada: +44 1632 960001"]
    assert client.get("/health", headers=TOKEN).json()["contacts"] == ["Ada: +44 1632 960001"]
    assert "contacts" not in client.get("/health").json()


@committed
def test_a_slow_check_is_unknown_and_the_others_are_told() -> None:
    def count_for_ever(_survey: Survey) -> Component:
        with connection.cursor() as cursor:
            cursor.execute(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
                "SELECT count(*) FROM n"
            )
        raise AssertionError

    started = time.monotonic()
    slow = Check("slow", count_for_ever, Component({"status": "unknown"}, DEGRADED), seconds=0.2)
    late = replace(slow, name="late", turn=0, late=Component({"status": "slow"}, DEGRADED))
    report = take_report([slow, late, *CHECKS])
    assert time.monotonic() - started < 2
    assert report.components["slow"].public == {"status": "unknown"}
    assert report.components["late"].public == {
        "status": "slow"
    }  # the database answers all the same
    assert report.components["queue"].public == {"status": "flowing", "jobs": 0}


@committed
def test_waiting_ends_with_the_time(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command("health", "workers", "--wait", "0.1")
    assert ended.value.code == UNHEALTHY
    assert "left to wait" in capsys.readouterr().err


def test_the_disk_is_judged_by_its_free_part(settings: Settings) -> None:
    settings.DISK_FREE_PERCENT = 0
    assert seen(look_at_disk(Survey())) == ("sufficient", HEALTHY)
    settings.DISK_FREE_PERCENT = 101
    assert seen(look_at_disk(Survey())) == ("low", DEGRADED)
    settings.DISK_FREE_PERCENT = 501
    assert seen(look_at_disk(Survey())) == ("low", UNHEALTHY)


def test_backups_are_missed_where_they_are_expected(settings: Settings) -> None:
    assert seen(look_at_backups(Survey())) == ("not_expected", HEALTHY)
    settings.BACKUP_HOURS = 24
    assert seen(look_at_backups(Survey())) == ("none", DEGRADED)
    now = timezone.now()
    factories.OperationFactory.create(started_at=now, outcome="failed")
    assert seen(look_at_backups(Survey())) == ("none", DEGRADED)
    old = factories.OperationFactory.create(started_at=now - timedelta(hours=27))
    assert seen(look_at_backups(Survey())) == ("old", DEGRADED)
    factories.OperationFactory.create(started_at=now - timedelta(minutes=5))
    assert old.pk
    assert seen(look_at_backups(Survey())) == ("recent", HEALTHY)


@pytest.mark.parametrize(
    ("ages", "found"),
    [((10, 900), "agrees"), ((900, 900), "disagrees"), ((10, -20), "disagrees"), ((), "unknown")],
)
def test_the_clock_is_compared_with_live_chains(ages: tuple[int, ...], found: str) -> None:
    assert seen(look_at_clock(Survey())) == ("not_checked", HEALTHY)
    now = timezone.now()
    for number in range(2):
        network = factories.NetworkFactory.create(kind="testnet", block_seconds=2)
        for age in ages[number : number + 1]:
            snapshot = factories.BalanceSnapshotFactory.create(network=network)
            type(snapshot).objects.filter(pk=snapshot.pk).update(
                taken_at=now, block_at=now - timedelta(seconds=age)
            )
    component = look_at_clock(Survey())
    assert seen(component) == (found, HEALTHY if found == "agrees" else DEGRADED)


def test_a_key_that_workers_cannot_open_is_said_with_its_reason() -> None:
    wallet = factories.WalletFactory.create(
        label="one", signer_kind="keystore", signer_reference="gone.json", status="verified"
    )
    assert seen(look_at_keys(Survey())) == ("reachable", HEALTHY)
    key_checks.try_keys(seconds=5)
    component = look_at_keys(Survey())
    assert seen(component) == ("unreachable", DEGRADED)
    assert component.problems[0].startswith("one cannot sign: ")
    key_checks.keep(Wallet.objects.get(pk=wallet.pk), "")
    assert seen(look_at_keys(Survey())) == ("reachable", HEALTHY)


def test_a_slow_or_left_out_endpoint_degrades_and_disconnects_nothing() -> None:
    add_network("heard", 1001)
    RpcEndpoint.objects.update(latency_ms=2_500)
    component = look_at_networks(Survey())
    assert (component.public["heard"], component.severity) == ({"status": "connected"}, DEGRADED)
    assert "heard-rpc took 2.5 s" in component.problems[0]
    RpcEndpoint.objects.update(latency_ms=5, open_until=timezone.now() + timedelta(minutes=1))
    assert "left out by its breaker" in look_at_networks(Survey()).problems[0]


def test_a_job_that_nobody_takes_makes_the_queue_slow() -> None:
    from django_q.models import OrmQ

    OrmQ.objects.create(key="airdrops", payload="x", lock=timezone.now() - 2 * SLOW_AFTER)
    component = look_at_queue(Survey())
    assert (component.public, component.severity) == ({"status": "slow", "jobs": 1}, DEGRADED)
    OrmQ.objects.bulk_create(OrmQ(key="a", payload="x") for _ in range(COUNTED))
    assert look_at_queue(Survey()).public["jobs"] == COUNTED


def test_the_migrations_that_health_knows_are_those_that_django_finds() -> None:
    assert _known_migrations() == set(MigrationLoader(None).disk_migrations or ())
