"""How long after a crash everything that happened meanwhile is known.

    python -m tests.bench.caught_up --samples 20 --pending 500

adds the samples that are missing with this pipeline to docs/reliability/caught_up.jsonl and prints
what they come to. For each, all are signed and sent, the workers killed with SIGKILL, everything
mined, and workers started again; the clock runs from their first heartbeat to the last
confirmation.
"""

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path
from statistics import quantiles
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.db import connection  # noqa: E402

from tests.bench.ours import DONE, make_ground, submit  # noqa: E402
from tests.chains import Chain  # noqa: E402
from tests.faults.ground import own_chain  # noqa: E402
from tests.faults.lines import append, code_of, lines_of  # noqa: E402
from tests.faults.versions import pipeline, stamp  # noqa: E402
from tests.processes import eventually, manage  # noqa: E402
from tests.scratch import prepare  # noqa: E402
from wallets.models import Network, Transaction, Wallet, WorkerCluster  # noqa: E402

KIND = "caught_up"
WALLETS = 50
PENDING = 500


def main() -> None:
    """The samples that are missing, then what all of them come to."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.caught_up")
    parser.add_argument("--samples", type=int, default=20)
    parser.add_argument("--pending", type=int, default=PENDING)
    asked = parser.parse_args()
    known = len(samples(asked.pending))
    if known < asked.samples:
        folder = prepare("caught-up")
        with own_chain(folder) as chain:
            network, (receiver, *senders) = make_ground(chain, WALLETS + 1)
            for number in range(known + 1, asked.samples + 1):
                found = one_sample(chain, network, senders, receiver, folder, asked.pending)
                append(KIND, {"seed": number, **stamp(), **found})
                sys.stderr.write(f"sample {number} of {asked.samples}: {found['seconds']} s\n")
    sys.stdout.write(json.dumps(summary(samples(asked.pending)), indent=2) + "\n")


def samples(pending: int) -> list[dict[str, Any]]:
    """Those with the pipeline as it is and so many pending."""
    lines = lines_of(KIND)
    return [one for one in lines if code_of(one) == pipeline() and one["pending"] == pending]


def summary(lines: list[dict[str, Any]]) -> dict[str, object]:
    """The middle, the 95th percentile and the worst of the samples, in seconds."""
    seconds = sorted(line["seconds"] for line in lines)
    if len(seconds) < 2:
        return {"samples": len(seconds), "seconds": seconds}
    cuts = quantiles(seconds, n=20, method="inclusive")
    return {
        "samples": len(seconds),
        "pending": lines[-1]["pending"],
        "p50": round(cuts[9], 2),
        "p95": round(cuts[18], 2),
        "max": seconds[-1],
    }


def seconds_after_crash(
    chain: Chain, network: Network, senders: list[Wallet], to: Wallet, folder: Path
) -> dict[str, object]:
    """One sample on a chain that goes on mining by itself afterwards."""
    chain.rpc.call("evm_setIntervalMining", 0)
    chain.rpc.call("evm_setAutomine", False)
    found = one_sample(chain, network, senders, to, folder, PENDING)
    chain.rpc.call("evm_setIntervalMining", 1)
    return found


def one_sample(
    chain: Chain,
    network: Network,
    senders: list[Wallet],
    to: Wallet,
    folder: Path,
    pending: int,
) -> dict[str, object]:
    """So many pending, workers killed, all of it mined, workers back: until all is confirmed."""
    each, name = pending // len(senders), f"crash-{Transaction.objects.count()}"
    submit(network, senders, to, each, name)
    wanted = each * len(senders)
    with manage("qcluster", log=folder / "crash.log") as process:
        assert eventually(lambda: _count(name, "broadcast") >= wanted)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    chain.mine(2)
    before = _clusters_at_work()
    with manage("qcluster", log=folder / "crash.log"):
        assert eventually(lambda: _clusters_at_work() > before, every=0.02)
        back = time.monotonic()
        assert eventually(lambda: _count(name, *DONE) >= wanted, every=0.05)
        seconds = round(time.monotonic() - back, 2)
    return {"pending": wanted, "seconds": seconds}


def _clusters_at_work() -> int:
    """How many clusters have ever beaten: a heart beats when a worker does its work."""
    connection.close()
    return WorkerCluster.objects.filter(beat_at__isnull=False).count()


def _count(name: str, *states: str) -> int:
    connection.close()
    rows = Transaction.objects.filter(idempotency_key__startswith=f"bench:{name}:")
    return rows.filter(state__in=states).count()


if __name__ == "__main__":
    main()
