"""/health and `manage.py health` answer in their fixed shape, in time, whatever hangs."""

import json
import re
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from io import StringIO
from pathlib import Path

import httpx
import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from airdrops_site.health.report import take_report
from tests.airdrops_site.conftest import NOWHERE, add_network
from tests.chains import Chain, make_network
from tests.processes import environment, eventually, run_manage, serve
from wallets import clusters, leases
from wallets.models import Network, RpcEndpoint, WorkerCluster
from wallets.services import engage_stop

# Health reads in a thread of its own, which sees only what is committed.
pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.db]

TOKEN = {"Authorization": "Bearer metrics-token-of-the-tests"}
PROMISED_SECONDS = 2.0
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Network:
    """A network that was heard just now, workers that beat, and their pulse."""
    monkeypatch.setenv(clusters.CLUSTER_VARIABLE, "")
    cluster = clusters.announce()
    WorkerCluster.objects.filter(pk=cluster).update(beat_at=timezone.now())
    leases.take("pulse", owner="test", duration=clusters.STALE_AFTER)
    return add_network("heard", 1001)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(50)
        yield listener.getsockname()[1]


def test_the_answer_has_the_promised_shape(client: Client, running: Network) -> None:
    answer = client.get("/health")
    told = answer.json()
    assert (answer.status_code, told.pop("status")) == (200, "healthy")
    assert TIME.fullmatch(told.pop("timestamp"))
    assert told == {
        "components": {
            "scheduler": {"status": "running", "tasks_queued": 0},
            "risk_manager": {"status": "active", "alerts": 0},
            "protocols": {"evm": {"status": "connected", "last_tx": None}},
            "database": {"status": "connected"},
            "workers": {"status": "running", "alive": 1},
            "networks": {"heard": {"status": "connected"}},
            "transactions": {"pending": 0, "stuck": 0},
            "queue": {"status": "flowing", "jobs": 0},
            "wallets": {"status": "sufficient", "under_minimum": 0},
            "keys": {"status": "reachable"},
            "backups": {"status": "not_expected", "newest": None},
            "clock": {"status": "not_checked"},
            "disk": {"status": "sufficient"},
        }
    }


def test_only_unhealthy_is_503(client: Client, running: Network) -> None:
    engage_stop(reason="drill", actor="test")
    answer = client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    WorkerCluster.objects.update(beat_at=timezone.now() - 2 * clusters.STALE_AFTER)
    answer = client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "unhealthy")


def test_the_public_hears_no_names_reasons_or_addresses(client: Client, running: Network) -> None:
    RpcEndpoint.objects.update(answered_at=None)
    said = client.get("/health").content.decode()
    assert '"disconnected"' in said
    for private in ("heard-rpc", "127.0.0.1", "http", "latency", "ConnectError", "problems", "pid"):
        assert private not in said


def test_the_token_opens_the_details(client: Client, running: Network) -> None:
    RpcEndpoint.objects.update(answered_at=None)
    told = client.get("/health", headers=TOKEN).json()
    assert told["components"]["networks"]["heard"]["endpoints"][0]["name"] == "heard-rpc"
    assert any("heard-rpc did not answer" in problem for problem in told["problems"])
    assert NOWHERE not in json.dumps(told)


def test_any_other_token_opens_nothing(
    client: Client, running: Network, settings: Settings
) -> None:
    def said(sent: str) -> bytes:
        return client.get("/health", headers={"Authorization": sent}).content

    for sent in ("Bearer wrong", "Bearer ", "metrics-token-of-the-tests", ""):
        assert b"problems" not in said(sent)
    # One that is not set is nobody's.
    settings.METRICS_TOKEN = ""
    assert b"problems" not in said("Bearer ")


def test_health_can_not_be_posted_or_cached(client: Client, running: Network) -> None:
    assert client.post("/health").status_code == 405
    assert "no-store" in client.get("/health")["Cache-Control"]


def test_what_an_asked_network_said_is_kept(client: Client, chain: Chain) -> None:
    make_network(chain)
    assert client.get("/health").json()["components"]["networks"]["devnet-l1"]["status"]
    assert eventually(lambda: RpcEndpoint.objects.get().answered_at is not None)
    row = RpcEndpoint.objects.get()
    assert row.head_block == int(chain.rpc.call("eth_blockNumber"), 16)


def test_a_hanging_rpc_delays_nobody(client: Client, running: Network, silent_port: int) -> None:
    for number in range(5):
        silent = add_network(f"silent{number}", 2000 + number)
        url = f"http://127.0.0.1:{silent_port}"
        RpcEndpoint.objects.filter(network=silent).update(url=url, answered_at=None)
    started = time.monotonic()
    networks = client.get("/health").json()["components"]["networks"]
    assert time.monotonic() - started < PROMISED_SECONDS
    states = [found["status"] for found in networks.values()]
    assert states == ["connected", *5 * ["disconnected"]]
    assert eventually(lambda: RpcEndpoint.objects.filter(consecutive_errors=1).count() == 5)


@pytest.mark.postgresql
def test_a_locked_table_leaves_the_rest_known(client: Client, running: Network) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE wallets_transaction IN ACCESS EXCLUSIVE MODE")
        started = time.monotonic()
        report = take_report()
        assert time.monotonic() - started < PROMISED_SECONDS
    told = report.as_json()
    assert told["status"] == "degraded"
    assert told["components"]["workers"] == {"status": "running", "alive": 1}
    assert told["components"]["transactions"] == {"pending": None, "stuck": None}


def test_a_database_without_its_tables_is_outdated(tmp_path: Path) -> None:
    done = run_manage("health", "--json", AIRDROPS_DATA_DIR=str(tmp_path))
    assert done.returncode == 2
    assert json.loads(done.stdout)["components"]["database"]["status"] == "outdated"
    assert "run `manage.py migrate`" in done.stdout


def test_a_database_that_cannot_be_read_is_not_called_slow(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with closing(sqlite3.connect(data / "airdrops.sqlite3")) as made:
        made.execute("CREATE TABLE django_migrations (other)")
    done = run_manage("health", "--json", AIRDROPS_DATA_DIR=str(data))
    assert done.returncode == 2
    assert json.loads(done.stdout)["components"]["database"]["status"] == "unreachable"


@pytest.mark.parametrize("kind", ["closed", "silent"])
def test_a_dead_database_is_said_in_time(tmp_path: Path, silent_port: int, kind: str) -> None:
    port = silent_port if kind == "silent" else 9
    url = f"postgres://airdrops:hunter2@127.0.0.1:{port}/airdrops"
    log = tmp_path / "web.log"
    with serve(log, DATABASE_URL=url) as web:
        for headers in ({}, TOKEN):
            started = time.monotonic()
            answer = httpx.get(f"{web}/health", headers=headers, timeout=10)
            assert time.monotonic() - started < PROMISED_SECONDS
            assert answer.status_code == 503
            assert answer.json()["components"]["database"] == {"status": "unreachable"}
    assert "hunter2" not in log.read_text() + answer.text


def test_the_command_prints_the_same_and_ends_with_the_severity() -> None:
    done = run_manage("health", "--json", **environment())
    told = json.loads(done.stdout)
    assert (done.returncode, told["status"]) == (2, "unhealthy")
    assert told["components"].keys() == take_report().as_json()["components"].keys()
    table = StringIO()
    with pytest.raises(SystemExit):
        call_command("health", stdout=table)
    assert "Airdrops is unhealthy" in table.getvalue()
    assert "No workers are running" in table.getvalue()


@pytest.mark.parametrize(("stopped", "code"), [(False, 0), (True, 1)])
def test_the_commands_code_tells_healthy_from_degraded(
    running: Network, stopped: bool, code: int
) -> None:
    if stopped:
        engage_stop(reason="drill", actor="test")
    with pytest.raises(SystemExit) as ended:
        call_command("health", "--json")
    assert ended.value.code == code
