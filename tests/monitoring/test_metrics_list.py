"""The list of metrics that the kit is written for is what a running system's page has."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from airdrops_site.health.transactions import open_facts
from airdrops_site.metrics.counters import COUNTERS
from analytics.models import Claim, EquityPoint
from scheduling.models import RiskReading
from tests import factories
from tests.airdrops_site.conftest import add_network
from tests.monitoring import kit, scenario
from tests.monitoring.pages import LABEL, shown, told_of
from tests.transactions import make_transaction
from wallets import tallies
from wallets.chain import timings
from wallets.models import Network, RpcEndpoint

pytestmark = [pytest.mark.django_db, pytest.mark.db]

_SELECTOR = re.compile(r"\b(airdrops_\w+)\{([^}]*)\}")


def _something_of_everything(network: Network) -> None:
    """A row for each metric that has no sample in a system that has done nothing yet."""
    now = timezone.now()
    for one in COUNTERS:
        tallies.add(one.tally, dict.fromkeys(one.labels, "failed"))
    tallies.add("fees_native", {"network": network.slug, "protocol": "evm"})
    factories.WakeUpFactory.create(path="wallets.tasks.watch_network", failures=1)
    timings.observe(network.slug, "one-rpc", 0.3)
    timings.flush()
    RpcEndpoint.objects.update(latency_ms=250, head_block=7)
    factories.GasReadingFactory.create(network=network, at=now, hour=now)
    factories.BalanceSnapshotFactory.create(network=add_network("public", 1002), taken_at=now)
    Network.objects.filter(slug="public").update(kind="testnet")
    factories.WorkerClusterFactory.create(beat_at=now)
    make_transaction(factories.WalletFactory.create(), network, "confirmed")
    factories.RunFactory.create(state="running")
    _money()
    RiskReading.objects.create(at=now, level="high")
    factories.LimitFactory.create(kind="max_day_fees", amount=100)
    factories.OperationFactory.create(
        kind="backup", started_at=now, ended_at=now, figures={"bytes": 1}
    )


def _money() -> None:
    now = timezone.now()
    parts = {"protocols": {"evm": 1}, "places": {"evm": 1}}
    EquityPoint.objects.create(at=now, cents=100, loss_cents=0, parts=parts)
    lines = {"current_bps": 1, "target_bps": 2, "current_cents": 1, "target_cents": 2}
    factories.AllocationRunFactory.create(lines=[{"name": "ETH", **lines}])
    factories.RoiReadingFactory.create(by="campaign", name="drop")
    factories.ClaimFactory.create(status=Claim.Status.MISSED)


def test_the_page_of_a_system_with_everything_has_the_metrics_and_labels_of_the_list(
    client: Client,
) -> None:
    _something_of_everything(add_network("one", 1001))
    page = client.get("/metrics").content.decode()
    listed = kit.metrics_listed()
    assert told_of(page) == set(listed)
    assert shown(page) == listed
    # A scrape has these for itself and would put ours aside.
    assert not {"job", "instance"} & set().union(*listed.values())


def test_the_scenario_tells_of_the_same_metrics_with_the_same_labels() -> None:
    page = scenario.Day().page()
    listed = kit.metrics_listed()
    # A scrape adds where a sample came from.
    assert {name: labels - {"job", "instance"} for name, labels in shown(page).items()} == listed


def test_rules_and_dashboards_select_by_labels_that_there_are() -> None:
    listed = kit.metrics_listed()
    for owner, text in (*kit.rule_expressions(), *kit.dashboard_expressions()):
        for name, selector in _SELECTOR.findall(text):
            assert set(LABEL.findall(selector)) <= listed[name] | {"instance"}, owner


def test_rules_ask_for_kinds_that_the_page_tells_of() -> None:
    asked = re.findall(r'airdrops_alerts\{kind=~?"([^"]+)"\}', str(kit.rule_expressions()))
    assert asked
    assert {kind for one in asked for kind in one.split("|")} <= set(open_facts())
