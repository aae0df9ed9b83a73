"""/health and /metrics say only what is true."""

import json

import pytest
from django.test import Client
from django.utils import timezone

from tests.chains import Chain
from wallets import leases
from wallets.clusters import STALE_AFTER, announce
from wallets.models import Network, RpcEndpoint, WorkerCluster
from wallets.services import engage_stop

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def running(network: Network, monkeypatch: pytest.MonkeyPatch) -> Network:
    """A network that answers, a worker that beats, a pulse that is held."""
    monkeypatch.delenv("AIRDROPS_CLUSTER_ID", raising=False)
    cluster = announce()
    WorkerCluster.objects.filter(pk=cluster).update(beat_at=timezone.now())
    leases.take("pulse", owner="test", duration=STALE_AFTER)
    return network


def test_a_running_system_is_healthy(client: Client, running: Network) -> None:
    answer = client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "healthy"), answer.json()
    assert answer.json()["components"]["transactions"] == {"pending": 0, "stuck": 0}


def test_no_worker_is_unhealthy(client: Client, running: Network) -> None:
    WorkerCluster.objects.update(beat_at=timezone.now() - 2 * STALE_AFTER)
    answer = client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "unhealthy")


def test_an_old_answer_of_a_network_is_not_taken_for_news(
    client: Client, running: Network, chain: Chain
) -> None:
    RpcEndpoint.objects.update(answered_at=None, url="http://127.0.0.1:9")
    networks = client.get("/health").json()["components"]["networks"]
    assert networks == {"devnet-l1": {"status": "unreachable"}}
    RpcEndpoint.objects.update(url=chain.url)
    networks = client.get("/health").json()["components"]["networks"]
    assert networks == {"devnet-l1": {"status": "connected"}}


def test_an_engaged_stop_is_shown_as_an_alert(client: Client, running: Network) -> None:
    engage_stop(reason="test", actor="test")
    answer = client.get("/health").json()
    assert answer["status"] == "degraded"
    assert answer["components"]["risk_manager"] == {"status": "stopped", "alerts": 1}


def test_the_public_answer_names_no_endpoint(client: Client, running: Network) -> None:
    RpcEndpoint.objects.update(name="secret-name", url="http://127.0.0.1:9", answered_at=None)
    text = json.dumps(client.get("/health").json())
    assert "secret-name" not in text
    assert "127.0.0.1" not in text


def test_metrics_need_the_token_behind_a_proxy(client: Client) -> None:
    stranger = {"X-Forwarded-For": "203.0.113.9"}
    assert client.get("/metrics", headers=stranger).status_code == 401
    token = {"Authorization": "Bearer metrics-token-of-the-tests"}
    answer = client.get("/metrics", headers={**stranger, **token})
    assert b"airdrops_transactions" in answer.content
