"""/metrics tells what the rows and the web processes say, to whoever may ask."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from airdrops_site.metrics import render_metrics
from airdrops_site.version import version
from tests import factories
from tests.airdrops_site.conftest import add_network
from tests.chains import ETHER
from tests.processes import serve
from tests.transactions import make_receipt, make_transaction
from wallets.models import Network, RpcEndpoint, Transaction, WakeUp, Wallet, WorkerCluster
from wallets.services import engage_stop
from wallets.transactions.machine import move_transaction
from wallets.transactions.states import ENDED, ENDED_UNSENT, TransactionState

pytestmark = [pytest.mark.django_db, pytest.mark.db]

TOKEN = {"Authorization": "Bearer metrics-token-of-the-tests"}
Values = dict[tuple[str, ...], float]


def read(name: str, page: str = "") -> Values:
    """The values of a metric by its labels' values, in the order of the labels' names."""
    return {
        tuple(value for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page or render_metrics().decode())
        for sample in family.samples
        if sample.name == name
    }


def counted(name: str) -> Values:
    """What was counted at least once."""
    return {labels: value for labels, value in read(name).items() if value}


def end_one(row: Transaction, state: str) -> None:
    if state:
        move_transaction(row, state, actor="test")


def test_counters_count_what_has_ended_for_good(
    heard_network: Network, watched_wallet: Wallet
) -> None:
    for state, outcome, end in (
        ("confirmed", "succeeded", "final"),
        ("confirmed", "succeeded", "final"),
        ("confirmed", "reverted", "final"),
        ("confirmed", "succeeded", ""),
        ("broadcast", "", ""),
        ("queued", "", "refused"),
        ("reserved", "", "voided"),
    ):
        end_one(make_transaction(watched_wallet, heard_network, state, outcome=outcome), end)
    assert counted("airdrops_transactions_total") == {
        ("heard", "succeeded", "evm"): 2,
        ("heard", "reverted", "evm"): 1,
        ("heard", "refused", "evm"): 1,
        ("heard", "voided", "evm"): 1,
    }


def test_what_can_be_counted_stands_at_nought(
    heard_network: Network, settings: Settings, watched_wallet: Wallet
) -> None:
    settings.ALERT_CHANNELS = lambda: "ops=slack://token-a/token-b/token-c"
    factories.ProtocolFactory.create(slug="off", enabled=False).networks.add(heard_network)
    outcomes = ("succeeded", "reverted", "replaced", *ENDED_UNSENT)
    assert read("airdrops_transactions_total") == {("heard", one, "evm"): 0 for one in outcomes}
    assert read("airdrops_gate_refusals_total")["hold", "breaker"] == 0
    assert read("airdrops_jobs_total")["failed", "wallets.tasks.tick_lanes"] == 0
    assert read("airdrops_alert_notifications_total") == {("ops", "failed"): 0, ("ops", "sent"): 0}
    end_one(make_transaction(watched_wallet, heard_network, "confirmed"), "final")
    assert counted("airdrops_transactions_total") == {("heard", "succeeded", "evm"): 1}


def test_every_transaction_is_in_one_state(heard_network: Network, watched_wallet: Wallet) -> None:
    # One of a lane may be signed and unsent.
    states = set(TransactionState.values) - {"reserved", *ENDED}
    for state in states:
        make_transaction(watched_wallet, heard_network, state)
    end_one(make_transaction(watched_wallet, heard_network, "confirmed"), "final")
    counted = read("airdrops_transactions")
    assert counted == {("heard", "evm", state): 1 for state in {*states, "final"}}


def test_pending_and_stuck_are_said_for_every_network(
    heard_network: Network, watched_wallet: Wallet
) -> None:
    add_network("idle", 1002)
    long_ago = timezone.now() - timedelta(hours=1)
    make_transaction(watched_wallet, heard_network, "broadcast")
    make_transaction(watched_wallet, heard_network, "broadcast", state_changed_at=long_ago)
    assert read("airdrops_transactions_pending") == {("heard",): 2, ("idle",): 0}
    assert read("airdrops_transactions_stuck") == {("heard",): 1, ("idle",): 0}


def test_fees_are_those_of_final_transactions_in_whole_coins(
    heard_network: Network, watched_wallet: Wallet
) -> None:
    now = timezone.now()
    for end in ("final", "final", ""):
        row = make_transaction(watched_wallet, heard_network, "confirmed")
        make_receipt(row, at=now, fee=ETHER, canonical=False)
        make_receipt(row, at=now, fee=ETHER // 4)
        end_one(row, end)
    assert counted("airdrops_fees_native_total") == {("heard", "evm"): 0.5}
    assert counted("airdrops_fees_unpriced_total") == {("heard", "evm"): 2}


def test_endpoints_are_told_by_name(heard_network: Network) -> None:
    RpcEndpoint.objects.update(latency_ms=250, head_block=7, consecutive_errors=2)
    key = ("heard-rpc", "heard")
    assert read("airdrops_rpc_up") == {key: 0}
    assert read("airdrops_rpc_consecutive_errors") == {key: 2}
    assert read("airdrops_rpc_latency_seconds") == {key: 0.25}
    assert read("airdrops_rpc_head_block") == {key: 7}


def test_the_heartbeat_is_the_newest_of_a_host() -> None:
    now = timezone.now()
    for number, age in enumerate((5, 500)):
        WorkerCluster.objects.create(
            id=f"{number:032x}",
            host="host",
            pid=number,
            started_at=now,
            beat_at=now - timedelta(seconds=age),
        )
    assert read("airdrops_worker_heartbeat_age_seconds")["host",] == pytest.approx(5, abs=2)


def test_failed_jobs_are_counted_by_what_they_run() -> None:
    for key, failures in (("watch:1", 2), ("watch:2", 3)):
        WakeUp.objects.create(key=key, path="wallets.tasks.watch_network", failures=failures)
    assert counted("airdrops_wakeup_failures_total") == {("wallets.tasks.watch_network",): 5}


def test_stops_and_what_waits_for_a_person_are_told() -> None:
    engage_stop(reason="drill", actor="test", scope_kind="wallet", scope_value="first")
    assert read("airdrops_emergency_stops") == {("everything",): 0, ("wallet",): 1}
    assert read("airdrops_alerts")["engaged_stops",] == 1


def test_the_build_is_that_of_the_project() -> None:
    assert [labels[2] for labels in read("airdrops_build_info")] == [version()]
    assert read("airdrops_database_up") == {(): 1}


def test_more_rows_cost_no_more_queries(heard_network: Network, watched_wallet: Wallet) -> None:
    counts = []
    for number in range(2):
        with CaptureQueriesContext(connection) as queries:
            render_metrics()
        counts.append(len(queries))
        for step in range(5):
            network = add_network(f"more{number}{step}", 3000 + 10 * number + step)
            make_transaction(watched_wallet, network, "final")
    assert counts[0] == counts[1] <= 50


def test_no_label_is_an_address_a_hash_or_a_url(
    heard_network: Network, watched_wallet: Wallet
) -> None:
    row = make_transaction(watched_wallet, heard_network, "final")
    make_receipt(row, at=timezone.now())
    page = render_metrics().decode()
    assert not re.search(r'="[^"]*(0x[0-9a-f]{8}|://)', page, re.IGNORECASE)


def test_metrics_need_the_token(client: Client) -> None:
    stranger: dict[str, Any] = {"REMOTE_ADDR": "203.0.113.9"}
    refused = client.get("/metrics", **stranger)
    assert (refused.status_code, refused["WWW-Authenticate"]) == (401, "Bearer")
    assert client.get(
        "/metrics", headers={"Authorization": "Bearer x"}, **stranger
    ).status_code == (401)
    answer = client.get("/metrics", headers=TOKEN, **stranger)
    assert (answer.status_code, answer["Content-Type"].split(";")[0]) == (200, "text/plain")


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
def test_a_proxy_on_this_machine_makes_nobody_local(client: Client, header: str) -> None:
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 401


def test_in_production_nobody_is_let_in_for_being_local(client: Client, settings: Settings) -> None:
    settings.PRODUCTION = True
    assert client.get("/metrics").status_code == 401


def test_an_unset_token_opens_nothing(client: Client, settings: Settings) -> None:
    settings.PRODUCTION, settings.METRICS_TOKEN = True, ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401


@pytest.mark.parametrize("shared", [True, False])
def test_timings_of_several_web_processes_are_one_page(tmp_path: Path, shared: bool) -> None:
    folder = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics")} if shared else {}
    workers = "3" if shared else "1"
    with serve(tmp_path / "web.log", "--workers", workers, **folder) as web:
        for _ in range(30):
            assert httpx.get(f"{web}/nothing").status_code == 404
        pages = [httpx.get(f"{web}/metrics").text for _ in range(6)]
    for page in pages:
        assert sum(read("django_http_responses_total_by_status_total", page).values()) >= 30
        assert read("airdrops_database_up", page) == {(): 1}


def test_a_dead_database_leaves_the_timings(tmp_path: Path) -> None:
    with serve(tmp_path / "web.log", DATABASE_URL="postgres://me@127.0.0.1:9/airdrops") as web:
        page = httpx.get(f"{web}/metrics", timeout=10).text
    assert read("airdrops_database_up", page) == {(): 0}
    assert read("airdrops_transactions", page) == {}
    assert "django_http_requests_total_by_method_total" in page


def test_balances_under_their_minimum_are_counted() -> None:
    balance = factories.BalanceFactory.create(amount=4)
    factories.MinimumBalanceFactory.create(token=balance.token, amount=5)
    assert read("airdrops_alerts")["balances_under_minimum",] == 1
