"""Each check of health says only what is true."""

from datetime import timedelta

import pytest
from django.utils import timezone

from airdrops_site.health.chains import ANSWER_COUNTS_FOR, ASK_AGAIN_AFTER
from airdrops_site.health.component import Component, Report, Severity
from airdrops_site.health.networks import look_at_networks, look_at_protocols
from airdrops_site.health.storage import look_at_database
from airdrops_site.health.survey import MISSED_FOR, Survey
from airdrops_site.health.transactions import look_at_risk, look_at_transactions
from airdrops_site.health.workers import look_at_scheduler, look_at_workers
from protocols.models import Protocol
from scheduling.models import Occurrence, Run, Task
from scheduling.pauses import pause_scope
from tests import factories
from tests.airdrops_site.conftest import NOWHERE, add_network
from tests.chains import Chain
from tests.transactions import make_receipt, make_transaction
from wallets import clusters, leases
from wallets.chain.client import NetworkClient
from wallets.clusters import STALE_AFTER
from wallets.drain import start_draining
from wallets.models import (
    Balance,
    Installation,
    Network,
    NonceLane,
    RpcEndpoint,
    Wallet,
    WorkerCluster,
)
from wallets.selectors import STUCK_LEAST, stuck_after
from wallets.services import engage_stop

pytestmark = [pytest.mark.django_db, pytest.mark.db]
HEALTHY, DEGRADED, UNHEALTHY = Severity


def seen(component: Component) -> tuple[object, Severity]:
    """What the public is told, and how bad it is."""
    return component.public.get("status"), component.severity


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> WorkerCluster:
    """A cluster that beats, with its pulse."""
    monkeypatch.setenv(clusters.CLUSTER_VARIABLE, "")
    row = WorkerCluster.objects.get(pk=clusters.announce())
    row.beat_at = timezone.now()
    row.save()
    leases.take("pulse", owner="test", duration=timedelta(seconds=5))
    return row


def last_beat(cluster: WorkerCluster, ago: timedelta) -> None:
    """Put the cluster's only sign of life into the past."""
    moment = timezone.now() - ago
    WorkerCluster.objects.filter(pk=cluster.pk).update(beat_at=moment, started_at=moment)


def test_the_migrated_database_is_connected() -> None:
    assert seen(look_at_database(Survey())) == ("connected", HEALTHY)


def test_a_beating_cluster_is_running(cluster: WorkerCluster) -> None:
    component = look_at_workers(Survey())
    assert (component.public, component.severity) == ({"status": "running", "alive": 1}, HEALTHY)
    assert seen(look_at_scheduler(Survey())) == ("running", HEALTHY)


def test_no_cluster_is_unhealthy() -> None:
    assert seen(look_at_workers(Survey())) == ("stopped", UNHEALTHY)
    assert seen(look_at_scheduler(Survey())) == ("stopped", UNHEALTHY)


def test_a_cluster_that_has_not_beaten_yet_is_starting(cluster: WorkerCluster) -> None:
    WorkerCluster.objects.update(beat_at=None)
    assert seen(look_at_workers(Survey())) == ("starting", DEGRADED)
    assert seen(look_at_scheduler(Survey())) == ("starting", DEGRADED)


def test_a_cluster_without_a_heartbeat_is_stale(cluster: WorkerCluster) -> None:
    last_beat(cluster, 2 * STALE_AFTER)
    component = look_at_workers(Survey())
    assert seen(component) == ("stale", UNHEALTHY)
    assert "no heartbeat for 60 s" in component.problems[0]


def test_a_stale_cluster_beside_a_living_one_is_degraded(cluster: WorkerCluster) -> None:
    last_beat(cluster, 2 * STALE_AFTER)
    now = timezone.now()
    clusters.announce()
    WorkerCluster.objects.exclude(pk=cluster.pk).update(beat_at=now)
    assert seen(look_at_workers(Survey())) == ("running", DEGRADED)
    last_beat(cluster, MISSED_FOR)
    assert seen(look_at_workers(Survey())) == ("running", HEALTHY)


def test_a_cluster_that_ended_in_order_is_stopped(cluster: WorkerCluster) -> None:
    clusters.fence(cluster.pk)
    assert seen(look_at_workers(Survey())) == ("stopped", UNHEALTHY)


def test_workers_without_a_pulse_are_a_stale_scheduler(cluster: WorkerCluster) -> None:
    leases.take("pulse", owner="test", duration=-2 * STALE_AFTER)
    assert seen(look_at_scheduler(Survey())) == ("stale", UNHEALTHY)


def add_task(network: Network, due: timedelta, **fields: object) -> Task:
    """A task due so long ago."""
    facts = {"name": "task", "action": "wrap", "schedule": "once", "starts_at": timezone.now()}
    return Task.objects.create(
        **{**facts, **fields},
        protocol=Protocol.objects.get(slug="evm"),
        network=network,
        next_due_at=timezone.now() - due,
    )


def test_the_queue_is_what_is_due_and_not_finished(
    cluster: WorkerCluster, heard_network: Network, watched_wallet: Wallet
) -> None:
    task = add_task(heard_network, timedelta(seconds=1))
    add_task(heard_network, timedelta(seconds=-60), name="later")
    add_task(heard_network, timedelta(seconds=60), name="off", enabled=False)
    for state in ("pending", "held", "running", "succeeded", "needs_operator"):
        due = Occurrence.objects.create(task=task, wallet=watched_wallet, due_at=timezone.now())
        Run.objects.create(occurrence=due, task=task, wallet=watched_wallet, state=state)
    component = look_at_scheduler(Survey())
    assert component.public == {"status": "running", "tasks_queued": 4}
    assert component.details["runs"] == {"pending": 1, "held": 1, "running": 1}


def test_a_due_task_that_nobody_looks_at_is_behind(
    cluster: WorkerCluster, heard_network: Network
) -> None:
    add_task(heard_network, timedelta(minutes=2))
    assert seen(look_at_scheduler(Survey())) == ("behind", DEGRADED)


def test_a_drain_is_what_the_scheduler_says_and_why_it_is_degraded(cluster: WorkerCluster) -> None:
    start_draining(actor="alice", reason="a new disk")
    component = look_at_scheduler(Survey())
    assert seen(component) == ("draining", DEGRADED)
    (problem,) = component.problems
    assert "draining: a new disk" in problem
    assert "manage.py drain stop" in problem


@pytest.mark.parametrize(
    ("scope", "value", "status"),
    [("everything", "", "paused"), ("protocol", "evm", "partly_paused")],
)
def test_a_pause_is_what_the_scheduler_says(
    cluster: WorkerCluster, heard_network: Network, scope: str, value: str, status: str
) -> None:
    pause_scope(scope=scope, value=value, actor="alice", reason="looked into")
    component = look_at_scheduler(Survey())
    assert seen(component) == (status, DEGRADED)
    assert "looked into" in component.problems[0]


def test_the_command_that_ends_a_pause_can_be_pasted(cluster: WorkerCluster) -> None:
    factories.TaskFactory.create(name="two words")
    pause_scope(scope="task", value="two words", actor="alice", reason="looked into")
    (problem,) = look_at_scheduler(Survey()).problems
    assert "`manage.py tasks resume task 'two words' --reason" in problem


def test_a_pause_after_a_restore_is_what_the_scheduler_says(cluster: WorkerCluster) -> None:
    Installation.objects.update(paused=True, pause_reason="restored")
    component = look_at_scheduler(Survey())
    assert seen(component) == ("paused", DEGRADED)
    assert "manage.py resume_state" in component.problems[0]


def test_a_drain_hides_no_missing_worker(db: None) -> None:
    start_draining(actor="alice", reason="a new disk")
    assert seen(look_at_scheduler(Survey())) == ("stopped", UNHEALTHY)


def test_a_network_heard_lately_is_not_asked_again(heard_network: Network) -> None:
    survey = Survey()
    assert look_at_networks(survey).public == {"heard": {"status": "connected"}}
    assert survey.probes == []


def test_an_old_answer_is_not_taken_for_news(heard_network: Network) -> None:
    old = timezone.now() - ANSWER_COUNTS_FOR - timedelta(seconds=1)
    RpcEndpoint.objects.update(answered_at=old, checked_at=old)
    component = look_at_networks(Survey())
    assert component.public == {"heard": {"status": "disconnected"}}
    assert component.severity == UNHEALTHY
    assert "heard-rpc did not answer: ConnectError" in component.problems[0]


def test_a_silent_network_is_not_asked_by_everyone_who_looks(heard_network: Network) -> None:
    now = timezone.now()
    RpcEndpoint.objects.update(checked_at=now, consecutive_errors=1)
    survey = Survey()
    assert look_at_networks(survey).severity == UNHEALTHY
    assert survey.probes == []
    RpcEndpoint.objects.update(checked_at=now - ASK_AGAIN_AFTER)
    survey = Survey()
    assert look_at_networks(survey).severity == UNHEALTHY
    assert len(survey.probes) == 1


def test_one_silent_network_of_several_is_degraded(heard_network: Network) -> None:
    silent = add_network("silent", 1002)
    RpcEndpoint.objects.filter(network=silent).update(answered_at=None, checked_at=None)
    assert look_at_networks(Survey()).severity == DEGRADED
    protocols = look_at_protocols(Survey())
    assert protocols.public == {"evm": {"status": "partial", "last_tx": None}}
    assert protocols.severity == DEGRADED


def test_an_asked_network_tells_its_head(network: Network, chain: Chain) -> None:
    chain.mine(3)
    component = look_at_networks(Survey())
    assert component.public == {"devnet-l1": {"status": "connected"}}
    head = int(chain.rpc.call("eth_blockNumber"), 16)
    assert component.details["devnet-l1"]["endpoints"][0]["head_block"] == head


def test_ordinary_work_keeps_the_head_too(network: Network, chain: Chain) -> None:
    chain.mine(2)
    head = NetworkClient(network).block().number
    row = RpcEndpoint.objects.get()
    assert (row.head_block, row.answered_at is not None) == (head, True)


def test_another_chain_behind_the_endpoint_is_no_answer(network: Network) -> None:
    Network.objects.update(chain_id=5)
    component = look_at_networks(Survey())
    assert component.public == {"devnet-l1": {"status": "disconnected"}}
    assert "anvil is chain 31337, not 5" in component.problems[0]


def test_a_network_this_installation_may_not_reach_is_disconnected(network: Network) -> None:
    Network.objects.update(kind="mainnet")
    component = look_at_networks(Survey())
    assert component.severity == UNHEALTHY
    assert "AIRDROPS_CHAIN_ACCESS=devnet does not allow it" in component.problems[0]


def test_another_endpoint_of_a_network_is_enough(network: Network) -> None:
    RpcEndpoint.objects.create(network=network, name="down", url=NOWHERE, weight=200)
    assert look_at_networks(Survey()).public == {"devnet-l1": {"status": "connected"}}


def test_a_disabled_network_is_nobodys_trouble(heard_network: Network) -> None:
    Network.objects.update(enabled=False)
    assert (look_at_networks(Survey()).public, look_at_networks(Survey()).severity) == ({}, HEALTHY)
    assert look_at_protocols(Survey()).public["evm"]["status"] == "no_network"


def test_a_disabled_protocol_is_shown_and_nobodys_trouble(heard_network: Network) -> None:
    Protocol.objects.update(enabled=False)
    component = look_at_protocols(Survey())
    assert (component.public["evm"]["status"], component.severity) == ("disabled", HEALTHY)


def test_the_last_transaction_is_the_newest_canonical_block(
    heard_network: Network, watched_wallet: Wallet
) -> None:
    now = timezone.now().replace(microsecond=0)
    old, newest, later_intent, undone = (
        make_transaction(watched_wallet, heard_network, state)
        for state in ("final", "confirmed", "confirmed", "included")
    )
    make_receipt(old, at=now - timedelta(hours=1))
    make_receipt(newest, at=now)
    make_receipt(later_intent, at=now - timedelta(minutes=1))
    make_receipt(undone, at=now + timedelta(minutes=1), canonical=False)
    make_receipt(make_transaction(watched_wallet, heard_network, "final", protocol="x"), at=now)
    found = look_at_protocols(Survey()).public["evm"]["last_tx"]
    assert found == now.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    ("state", "pending", "stuck"),
    [("signed", 1, 1), ("broadcast", 1, 1), ("reserved", 1, 1), ("queued", 0, 0), ("final", 0, 0)],
)
def test_stuck_is_what_has_a_nonce_for_long_and_is_in_no_block(
    heard_network: Network, watched_wallet: Wallet, state: str, pending: int, stuck: int
) -> None:
    long_ago = timezone.now() - 2 * STUCK_LEAST
    make_transaction(watched_wallet, heard_network, state, state_changed_at=long_ago)
    component = look_at_transactions(Survey())
    assert component.public == {"pending": pending, "stuck": stuck}
    assert component.severity == (DEGRADED if stuck else HEALTHY)


def test_slow_chains_have_longer_patience(heard_network: Network, watched_wallet: Wallet) -> None:
    heard_network.block_seconds = 12
    heard_network.save()
    assert stuck_after(heard_network) == timedelta(minutes=5)
    since = timezone.now() - timedelta(minutes=4)
    make_transaction(watched_wallet, heard_network, "broadcast", state_changed_at=since)
    assert look_at_transactions(Survey()).public == {"pending": 1, "stuck": 0}


def test_a_balance_below_its_minimum_or_not_known_is_an_alert() -> None:
    balance = factories.BalanceFactory.create(amount=5)
    factories.MinimumBalanceFactory.create(token=balance.token, amount=5)
    assert look_at_risk(Survey()).public == {"status": "active", "alerts": 0}
    Balance.objects.update(amount=4)
    component = look_at_risk(Survey())
    assert (component.public["alerts"], component.severity) == (1, DEGRADED)
    assert "wallets balances --under-minimum" in component.problems[0]
    Balance.objects.update(amount=None)
    assert "have a minimum and are not known: 1;" in look_at_risk(Survey()).problems[0]


def test_alerts_count_what_only_a_person_can_end(
    heard_network: Network, watched_wallet: Wallet
) -> None:
    assert look_at_risk(Survey()).public == {"status": "active", "alerts": 0}
    make_transaction(watched_wallet, heard_network, "needs_operator")
    assert look_at_risk(Survey()).public == {"status": "active", "alerts": 1}
    NonceLane.objects.update(paused=True)
    assert look_at_risk(Survey()).public == {"status": "active", "alerts": 2}
    engage_stop(reason="drill", actor="test", scope_kind="protocol", scope_value="evm")
    assert look_at_risk(Survey()).public == {"status": "stopped", "alerts": 3}


def test_a_paused_installation_is_stopped() -> None:
    Installation.objects.update(paused=True)
    component = look_at_risk(Survey())
    assert (seen(component), component.public["alerts"]) == (("stopped", DEGRADED), 1)


def test_the_whole_is_as_bad_as_its_worst_part() -> None:
    parts = {"a": Component({}, DEGRADED), "b": Component({}, UNHEALTHY), "c": Component({})}
    assert Report(timezone.now(), parts).severity == UNHEALTHY
    assert Report(timezone.now(), {"c": parts["c"]}).as_json()["status"] == "healthy"


def test_details_add_to_the_public_answer_and_change_nothing_in_it() -> None:
    part = Component({"x": {"status": "up"}}, details={"x": {"ms": 3}, "y": 1}, problems=("why",))
    report = Report(timezone.now(), {"part": part})
    assert report.as_json()["components"] == {"part": {"x": {"status": "up"}}}
    assert "problems" not in report.as_json()
    told = report.as_json(details=True)
    assert told["components"] == {"part": {"x": {"status": "up", "ms": 3}, "y": 1}}
    assert told["problems"] == ["why"]
