"""`make faults RUNS=300`: seeded runs, one line each in docs/reliability/runs.jsonl, resumable."""

import json
import os
import subprocess
import sys
import tempfile
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

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from airdrops_site.devnet.anvil import Anvil, AnvilConfig  # noqa: E402
from airdrops_site.devnet.ports import free_port  # noqa: E402
from airdrops_site.devnet.rpc import DevnetRpc  # noqa: E402
from tests.chains import Chain, make_network  # noqa: E402
from tests.faults.chaos import make_run, play, verdict  # noqa: E402
from tests.faults.proxy import Plan, faulty_proxy  # noqa: E402
from wallets.models import Network, RpcEndpoint  # noqa: E402
from wallets.signers.loading import become_signing_process  # noqa: E402

RESULTS = settings.BASE_DIR / "docs" / "reliability" / "runs.jsonl"


def main() -> int:
    """Run the seeds that have no line yet; 1 if any went wrong."""
    wanted = int(os.environ.get("RUNS", "300"))
    done = {json.loads(line)["seed"] for line in _lines()}
    open_seeds = [seed for seed in range(1, wanted + 1) if seed not in done]
    wrong = 0
    with ground() as (chain, network, plan):
        for number, seed in enumerate(open_seeds, 1):
            result = one_run(seed, chain, network, plan)
            wrong += _is_wrong(result)
            _append(result)
            sys.stderr.write(f"\r{number} of {len(open_seeds)} runs, {wrong} wrong ")
            sys.stderr.flush()
    sys.stderr.write("\n")
    print(summary())  # noqa: T201
    return 1 if wrong else 0


@contextmanager
def ground() -> Iterator[tuple[Chain, Network, Plan]]:
    """A database, a chain that mines when told, and a proxy in front of it."""
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    settings.KEYSTORE_DIR = folder / "keystores"
    settings.KEYSTORE_PASSPHRASE_FILE = folder / "passphrase"
    settings.KEYSTORE_PASSPHRASE_FILE.write_text("a passphrase of the fault programme")
    become_signing_process()
    call_command("migrate", verbosity=0)
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
        yield chain, network, plan


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


def summary() -> str:
    """What all lines come to; nothing seen in n runs is below 3/n with 95 % confidence."""
    lines = [json.loads(line) for line in _lines()]
    runs = len(lines)
    counted = {
        name: sum(line[name] for line in lines) for name in ("intents", "duplicates", "lost")
    }
    wrong = sum(_is_wrong(line) for line in lines)
    bound = f"below {3 / runs:.2%} with 95 % confidence" if runs and not wrong else "see the lines"
    return f"{runs} runs, {counted}, {wrong} wrong: {bound}"


def _is_wrong(line: dict[str, Any]) -> bool:
    return bool(line["duplicates"] or line["lost"] or line["violations"])


def _lines() -> list[str]:
    return RESULTS.read_text().splitlines() if RESULTS.exists() else []


def _append(result: dict[str, Any]) -> None:
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    with RESULTS.open("a") as file:
        file.write(json.dumps(result) + "\n")


def _commit() -> str:
    told = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return told.stdout.strip()


if __name__ == "__main__":
    raise SystemExit(main())
