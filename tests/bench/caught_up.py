"""How long after a crash everything that happened meanwhile is known."""

import os
import signal
import time
from pathlib import Path

from django.db import connection

from tests.bench.ours import DONE, submit
from tests.chains import Chain
from tests.processes import eventually, manage
from wallets.models import Network, Transaction, Wallet, WorkerCluster


def seconds_after_crash(
    chain: Chain, network: Network, senders: list[Wallet], to: Wallet, folder: Path
) -> dict[str, object]:
    """500 pending, the workers killed, all of it mined, workers back: until all are confirmed."""
    chain.rpc.call("evm_setIntervalMining", 0)
    chain.rpc.call("evm_setAutomine", False)
    each = 500 // len(senders)
    submit(network, senders, to, each, "crash")
    with manage("qcluster", log=folder / "crash.log") as process:
        assert eventually(lambda: _count("broadcast") >= each * len(senders), within=180)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    chain.mine(2)
    before = WorkerCluster.objects.filter(beat_at__isnull=False).count()
    with manage("qcluster", log=folder / "crash.log"):
        assert eventually(
            lambda: WorkerCluster.objects.filter(beat_at__isnull=False).count() > before
        )
        back = time.monotonic()
        assert eventually(lambda: _count(*DONE) >= each * len(senders), within=120)
    chain.rpc.call("evm_setIntervalMining", 1)
    return {"pending": each * len(senders), "seconds": round(time.monotonic() - back, 2)}


def _count(*states: str) -> int:
    connection.close()
    return Transaction.objects.filter(
        idempotency_key__startswith="bench:crash:", state__in=states
    ).count()
