"""A part is started anew, and everything else goes on."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from django.utils import timezone

from scheduling.models import Breaker, Run
from tests import factories
from tests.airdrops_site.guides import run
from tests.processes import eventually, manage
from wallets.leases import LeaseLost, hold_lane, lane_lease, take
from wallets.models import Lease, NonceLane, Transition, WakeUp, WorkerCluster

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def restarted(line: str) -> tuple[int, Any]:
    """The exit code and the values."""
    code, said = run(f"manage.py restart_component {line} --json")
    return code, json.loads(said)


def test_a_lane_is_taken_from_its_holder_and_the_others_go_on(db: None) -> None:
    lane, other = factories.NonceLaneFactory.create(), factories.NonceLaneFactory.create()
    with lane_lease(lane.pk) as held, lane_lease(other.pk) as beside:
        assert held is not None
        assert beside is not None
        restarted(f'lane {lane.wallet.label} {lane.network.slug} --reason "stuck"')
        with pytest.raises(LeaseLost):
            hold_lane(held)
        hold_lane(beside)
    lane.refresh_from_db()
    assert (lane.lease_owner, lane.wake_at is not None) == ("", True)
    assert Transition.objects.get(subject="lane").reason == "restarted: stuck"


@pytest.mark.parametrize(("option", "paused"), [("", True), ("--resume", False)])
def test_a_paused_lane_stays_so_unless_asked(db: None, option: str, paused: bool) -> None:
    lane = factories.NonceLaneFactory.create(paused=True, pause_reason="looked into")
    _, facts = restarted(f"lane {lane.wallet.label} {lane.network.slug} {option}")
    assert facts["paused"] is paused
    assert NonceLane.objects.get().paused is paused


def test_a_watcher_is_asked_for_at_once(db: None) -> None:
    network = factories.NetworkFactory.create()
    key = f"watch:{network.pk}"
    take(key, owner="a hung worker", duration=timedelta(minutes=5))
    WakeUp.objects.create(key=key, path="x", enqueued_at=timezone.now())
    restarted(f"watcher {network.slug}")
    assert (Lease.objects.get(pk=key).owner, WakeUp.objects.get().enqueued_at) == ("", None)


def test_held_runs_of_a_protocol_are_looked_at_and_no_breaker_is_closed(db: None) -> None:
    task = factories.TaskFactory.create(protocol__slug="scroll")
    factories.RunFactory.create(occurrence__task=task, state="held")
    Breaker.objects.create(protocol=task.protocol, state="open", reason="3 failures")
    code, facts = restarted("protocol scroll")
    assert (code, facts["woken"]) == (0, 1)
    assert Run.objects.get().wake_at is not None
    assert "breaker try scroll" in run("manage.py restart_component protocol scroll")[1]
    assert Breaker.objects.get().state == "open"


def test_a_cluster_that_is_not_there_is_refused(db: None) -> None:
    with pytest.raises(CommandError, match="there is no cluster moon:1; alive are none"):
        restarted("worker moon:1")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.postgresql
def test_a_cluster_ends_in_order_for_a_new_one(keystores: Path, tmp_path: Path) -> None:
    log = tmp_path / "workers.log"
    with manage("qcluster", log=log) as process:
        beating = WorkerCluster.objects.filter(beat_at__isnull=False)
        assert eventually(beating.exists), log.read_text()
        restarted('worker all --reason "new keys"')
        assert eventually(lambda: process.poll() is not None), log.read_text()
        assert process.returncode == 0
    assert "stopping: the jobs in hand are finished" in log.read_text()
