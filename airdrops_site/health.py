"""One registry of checks: what is running, from facts in the database and a look at the chains.

unhealthy: the database does not answer, no worker is alive, or no network answers.
degraded: one network of several is silent, a transaction is stuck or needs a person, a stop is
engaged, or the pulse does not beat. healthy: everything else.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, connection
from django.utils import timezone

from protocols.models import Protocol
from scheduling import pulse
from scheduling.models import Run, Task
from scheduling.states import UNFINISHED_RUN
from wallets.chain.errors import ChainError
from wallets.chain.rpc import JsonRpc
from wallets.clusters import STALE_AFTER
from wallets.models import (
    EmergencyStop,
    Installation,
    Network,
    NonceLane,
    Receipt,
    RpcEndpoint,
    Transaction,
    WorkerCluster,
)
from wallets.transactions.states import PENDING
from wallets.transactions.states import TransactionState as S

ANSWER_COUNTS_FOR = timedelta(minutes=1)
STUCK_AFTER = timedelta(minutes=10)
ASK_SECONDS = 1.0
_ORDER = ("healthy", "degraded", "unhealthy")


@dataclass(slots=True)
class Health:
    """The answer as it is built up."""

    status: str = "healthy"
    components: dict[str, Any] = field(default_factory=dict)

    def worsen(self, status: str) -> None:
        """Take the worse of two."""
        self.status = max(self.status, status, key=_ORDER.index)


def look() -> dict[str, Any]:
    """The whole answer, in the shape that `/health` promises."""
    health = Health()
    try:
        connection.ensure_connection()
        health.components["database"] = {"status": "connected"}
        for component in _COMPONENTS:
            component(health)
    except DatabaseError:
        health.components["database"] = {"status": "unreachable"}
        health.worsen("unhealthy")
    now = timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"status": health.status, "timestamp": now, "components": health.components}


def _workers(health: Health) -> None:
    since = timezone.now() - STALE_AFTER
    alive = WorkerCluster.objects.filter(beat_at__gte=since, fenced_at__isnull=True).count()
    health.components["workers"] = {"status": "running" if alive else "stopped", "clusters": alive}
    if not alive:
        health.worsen("unhealthy")


def _scheduler(health: Health) -> None:
    due = Task.objects.filter(enabled=True, next_due_at__lte=timezone.now()).count()
    unfinished = Run.objects.filter(state__in=UNFINISHED_RUN).count()
    beating = pulse.is_held()
    health.components["scheduler"] = {
        "status": "running" if beating else "stopped",
        "tasks_queued": due + unfinished,
    }
    if not beating:
        health.worsen("degraded")


def _transactions(health: Health) -> None:
    pending = Transaction.objects.filter(state__in=PENDING)
    stuck = pending.filter(state_changed_at__lt=timezone.now() - STUCK_AFTER).count()
    health.components["transactions"] = {"pending": pending.count(), "stuck": stuck}
    if stuck:
        health.worsen("degraded")


def _risk(health: Health) -> None:
    """`alerts` counts what waits for a person: stops, a pause, paused lanes, unclear nonces."""
    stops = EmergencyStop.objects.filter(engaged=True).count()
    paused = Installation.objects.filter(paused=True).count()
    lanes = NonceLane.objects.filter(paused=True).count()
    unclear = Transaction.objects.filter(state=S.NEEDS_OPERATOR).count()
    alerts = stops + paused + lanes + unclear
    status = "stopped" if stops or paused else "active"
    health.components["risk_manager"] = {"status": status, "alerts": alerts}
    if alerts:
        health.worsen("degraded")


def _networks(health: Health) -> None:
    networks = list(Network.objects.filter(enabled=True).prefetch_related("endpoints"))
    silent = [network for network in networks if not _fresh(network)]
    with ThreadPoolExecutor(max_workers=8) as pool:
        asked = dict(zip(silent, pool.map(_answers, silent), strict=True))
    connected = {network.slug: asked.get(network, True) for network in networks}
    _remember([network for network, answered in asked.items() if answered])
    health.components["networks"] = {
        slug: {"status": "connected" if up else "unreachable"} for slug, up in connected.items()
    }
    if connected and not all(connected.values()):
        health.worsen("degraded" if any(connected.values()) else "unhealthy")


def _fresh(network: Network) -> bool:
    since = timezone.now() - ANSWER_COUNTS_FOR
    return any(
        row.answered_at and row.answered_at > since and not row.consecutive_errors
        for row in network.endpoints.all()
        if row.enabled
    )


def _answers(network: Network) -> bool:
    """A real call, in a thread that touches no database: the rows were read before."""
    for row in network.endpoints.all():
        try:
            if row.enabled and JsonRpc(row.name, row.url, timeout=ASK_SECONDS).call(
                "eth_chainId", []
            ) == hex(network.chain_id):
                return True
        except ChainError:
            continue
    return False


def _remember(networks: list[Network]) -> None:
    if networks:
        RpcEndpoint.objects.filter(network__in=networks, enabled=True).update(
            answered_at=timezone.now(), consecutive_errors=0
        )


def _protocols(health: Health) -> None:
    up = health.components["networks"]
    found: dict[str, Any] = {}
    for protocol in Protocol.objects.filter(enabled=True).prefetch_related("networks"):
        reachable = any(
            up.get(network.slug, {}).get("status") == "connected"
            for network in protocol.networks.all()
        )
        found[protocol.slug] = {
            "status": "connected" if reachable else "disconnected",
            "last_tx": _last_transaction(protocol.slug),
        }
    health.components["protocols"] = found


def _last_transaction(slug: str) -> str | None:
    newest = (
        Receipt.objects.filter(
            canonical=True,
            transaction__protocol=slug,
            transaction__state__in=(S.INCLUDED, S.CONFIRMED, S.FINAL),
        )
        .order_by("-transaction_id")
        .first()
    )
    return newest.block_at.strftime("%Y-%m-%dT%H:%M:%SZ") if newest else None


_COMPONENTS: tuple[Callable[[Health], None], ...] = (
    _scheduler,
    _risk,
    _networks,
    _protocols,
    _workers,
    _transactions,
)
