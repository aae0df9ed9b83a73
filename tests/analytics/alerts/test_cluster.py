"""The real thing: two qclusters look, write and send; both are killed while they send."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from analytics.alerts.sending import send_channel
from analytics.models import Notification
from tests import factories
from tests.analytics.alerts.conftest import SECRET
from tests.analytics.alerts.receivers import Receiver
from tests.processes import eventually, manage
from tests.threads import workers
from wallets.models import Lease, Network
from wallets.services import engage_stop, lift_stop

pytestmark = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.postgresql,
]


@contextmanager
def two_clusters(log: Path, receiver: Receiver) -> Iterator[list[int]]:
    """Their process ids."""
    variables = {
        "AIRDROPS_ALERT_CHANNELS": f"ops=hook://127.0.0.1:{receiver.port}/?secret={SECRET}",
        "AIRDROPS_ALERT_SECONDS": "1",
        "AIRDROPS_DISK_FREE_PERCENT": "0",
        "AIRDROPS_FIGURE_SECONDS": "0",
    }
    with ExitStack() as stack:
        started = [stack.enter_context(manage("qcluster", log=log, **variables)) for _ in range(2)]
        yield [process.pid for process in started]


def sent(kind: str) -> bool:
    connection.close()
    return Notification.objects.filter(kind=kind, state="sent").exists()


def time_passes() -> None:
    """Until what the killed ones held is free again."""
    past = timezone.now() - timedelta(seconds=1)
    Notification.objects.update(claimed_until=past)
    Lease.objects.update(expires_at=past)


def test_killed_while_sending_tells_at_least_once_and_afterwards_once(
    receiver: Receiver, tmp_path: Path
) -> None:
    Network.objects.update(enabled=False)
    engage_stop(reason="a drill", actor="ada")
    log = tmp_path / "workers.log"
    receiver.hangs = True
    with two_clusters(log, receiver) as found:
        assert eventually(lambda: bool(receiver.bodies)), log.read_text()
        for pid in found:
            os.killpg(pid, signal.SIGKILL)
    receiver.hangs = False
    assert Notification.objects.get().state == "pending"
    time_passes()
    with two_clusters(log, receiver):
        assert eventually(lambda: sent("firing")), log.read_text()
        lift_stop(reason="done", actor="ada")
        assert eventually(lambda: sent("resolved")), log.read_text()
    numbers = [one["X-Airdrops-Delivery"] for one in receiver.headers]
    first, last = Notification.objects.order_by("pk")
    assert numbers == [str(first.pk), str(first.pk), str(last.pk)]
    assert SECRET not in log.read_text()


def test_many_at_once_send_each_message_once(receiver: Receiver, settings: Settings) -> None:
    url = f"ops=hook://127.0.0.1:{receiver.port}/?secret={SECRET}"
    settings.ALERT_CHANNELS = lambda: url
    settings.ALERT_RATE = 100
    factories.NotificationFactory.create_batch(12)

    def send() -> None:
        while send_channel("ops"):
            pass

    with workers(4) as submit:
        for one in [submit(send) for _ in range(4)]:
            one.result()
    # One that lost every race may have stopped early, never sent a second time.
    send()
    numbers = [one["X-Airdrops-Delivery"] for one in receiver.headers]
    assert sorted(map(int, numbers)) == sorted(Notification.objects.values_list("pk", flat=True))
    assert not Notification.objects.exclude(state="sent", tries=1).exists()
