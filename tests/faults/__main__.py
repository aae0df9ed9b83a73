"""`make faults RUNS=300`: seeded runs, one line each in docs/reliability/runs.jsonl, resumable."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ.setdefault("AIRDROPS_LOG_LEVEL", "ERROR")
django.setup()


from airdrops_site.devnet.anvil import Anvil, AnvilConfig  # noqa: E402
from airdrops_site.devnet.ports import free_port  # noqa: E402
from airdrops_site.devnet.rpc import DevnetRpc  # noqa: E402
from tests.chains import Chain, make_network  # noqa: E402
from tests.faults import naive, report  # noqa: E402
from tests.faults.chaos import CHANCE, make_run, play, verdict  # noqa: E402
from tests.faults.proxy import Plan, faulty_proxy  # noqa: E402
from tests.scratch import prepare  # noqa: E402
from tests.wallets.test_crashes import IMPOSSIBLE  # noqa: E402
from wallets.models import Network, RpcEndpoint  # noqa: E402
from wallets.transactions.points import Point  # noqa: E402

NAIVE_RUNS = 29


def main() -> int:
    """Run the seeds that have no line yet; 1 if any went wrong."""
    with ground() as (chain, network, plan, url, folder):
        missing = _missing(report.RUNS, int(os.environ.get("RUNS", "300")))
        for seed in _progress("runs", missing):
            report.append(report.RUNS, one_run(seed, chain, network, plan))
        for seed in _progress("plain scripts", _missing(report.NAIVE, NAIVE_RUNS)):
            report.append(report.NAIVE, one_naive(seed, chain, plan, url, folder))
    pairs = sum(len(set(Point) - passed_by) for passed_by in IMPOSSIBLE.values())
    report.write_page(
        points=len(Point), pairs=pairs, chance=CHANCE, intents_each=len(naive.MARKERS)
    )
    wrong = [line["seed"] for line in report.lines_of(report.RUNS) if report.is_wrong(line)]
    sys.stderr.write(f"{report.PAGE} is written; wrong seeds: {wrong or 'none'}\n")
    return 1 if wrong else 0


def _missing(file: Path, wanted: int) -> list[int]:
    done = {line["seed"] for line in report.lines_of(file)}
    return [seed for seed in range(1, wanted + 1) if seed not in done]


def _progress(name: str, seeds: list[int]) -> Iterator[int]:
    for number, seed in enumerate(seeds, 1):
        yield seed
        sys.stderr.write(f"\r{name}: {number} of {len(seeds)} ")
        sys.stderr.flush()
    sys.stderr.write("\n")


@contextmanager
def ground() -> Iterator[tuple[Chain, Network, Plan, str, Path]]:
    """A database, a chain that mines when told, and a proxy in front of it."""
    folder = prepare("faults")
    with ExitStack() as stack:
        config = AnvilConfig(31337, free_port(), folder / "anvil.log", kept_states=4000)
        anvil = stack.enter_context(Anvil.start(config))
        rpc = stack.enter_context(DevnetRpc(anvil.url))
        rpc.call("evm_setAutomine", False)
        plan = Plan(Random(0))
        url = stack.enter_context(faulty_proxy(anvil.url, plan))
        chain = Chain(anvil.url, rpc)
        # No reorganisation of a run is deeper than finality.
        network = make_network(chain, confirm_depth=2, final_depth=12)
        RpcEndpoint.objects.filter(network=network).update(url=url)
        yield chain, network, plan, url, folder


def one_run(seed: int, chain: Chain, network: Network, plan: Plan) -> dict[str, Any]:
    """One seed's line."""
    started = time.monotonic()
    snapshot = chain.rpc.call("evm_snapshot")
    plan.chance, plan.injected = 0.0, type(plan.injected)()
    run = make_run(seed, chain, network, plan)
    # No reorganisation takes the wallets' money away.
    chain.mine(12)
    play(run)
    found = verdict(run)
    chain.rpc.call("evm_revert", snapshot)
    return {
        "seed": seed,
        "commit": _commit(),
        "intents": run.rows.filter(to=run.receiver).count(),
        "happened": dict(sorted(run.happened.items())),
        "faults": dict(sorted(plan.injected.items())),
        "seconds": round(time.monotonic() - started, 1),
        **found,
    }


def one_naive(seed: int, chain: Chain, plan: Plan, url: str, folder: Path) -> dict[str, Any]:
    """One seed's line of the plain scripts."""
    snapshot = chain.rpc.call("evm_snapshot")
    found = naive.naive_run(seed, chain, url, plan, folder)
    chain.rpc.call("evm_revert", snapshot)
    return found


def _commit() -> str:
    told = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return told.stdout.strip()


if __name__ == "__main__":
    raise SystemExit(main())
