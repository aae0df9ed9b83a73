"""Run every measurement on one machine, one after the other, and print the ratios."""

import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from eth_account import Account  # noqa: E402

from airdrops_site.devnet.anvil import Anvil, AnvilConfig  # noqa: E402
from airdrops_site.devnet.ports import free_port  # noqa: E402
from airdrops_site.devnet.rpc import DevnetRpc  # noqa: E402
from tests.bench import caught_up, growth, importing, ours, plain  # noqa: E402
from tests.bench.counting import counting_proxy  # noqa: E402
from tests.chains import ETHER, Chain  # noqa: E402
from tests.scratch import prepare  # noqa: E402
from wallets.models import Network, Wallet  # noqa: E402

WALLETS = int(os.environ.get("BENCH_WALLETS", "50"))
EACH = int(os.environ.get("BENCH_EACH", "10"))


def main() -> None:
    """Throughput, then requests per transaction."""
    folder = prepare("bench")
    with ExitStack() as stack:
        config = AnvilConfig(31337, free_port(), folder / "anvil.log", block_time=1)
        anvil = stack.enter_context(Anvil.start(config))
        rpc = stack.enter_context(DevnetRpc(anvil.url))
        print(json.dumps(measure(Chain(anvil.url, rpc), folder), indent=2))  # noqa: T201


def measure(chain: Chain, folder: Path) -> dict[str, object]:
    """The figures, ours beside the plain script's."""
    network, (receiver, *senders) = ours.make_ground(chain, WALLETS + 1)
    wanted = WALLETS * EACH
    _say(f"plain script: {wanted} transfers of {WALLETS} accounts")
    accounts = [Account.create() for _ in range(WALLETS)]
    for account in accounts:
        chain.fund(account.address, ETHER)
    plain_seconds = plain.send_all(chain.url, accounts, receiver.address, EACH)
    _say(f"ours: the same through two clusters ({plain_seconds:.1f} s for the plain script)")
    ours.submit(network, senders, receiver, EACH, "throughput")
    with ours.clusters(2, folder):
        our_seconds = ours.seconds_until_done("throughput", wanted)
    plain_requests = _plain_requests(chain, receiver.address)
    _say("after a crash: 500 pending")
    crash = caught_up.seconds_after_crash(chain, network, senders, receiver, folder)
    _say("requests: through a counting proxy")
    requests = _our_requests(chain, network, senders, receiver, folder)
    _say("growth: a thousand and a million rows")
    ours.point_at(network, chain.url)
    chain.rpc.call("evm_setIntervalMining", 0)
    return {
        "transactions": wanted,
        "plain_seconds": round(plain_seconds, 2),
        "our_seconds": round(our_seconds, 2),
        "throughput_ratio": round(plain_seconds / our_seconds, 3),
        "plain_requests": plain_requests,
        "our_requests": requests,
        "after_crash": crash,
        "growth": growth.growth(chain, network, receiver),
        "import": importing.figures(),
    }


def _plain_requests(chain: Chain, to: str) -> float:
    account = Account.create()
    chain.fund(account.address, ETHER)
    with counting_proxy(chain.url) as (url, counts):
        plain.send_and_wait(url, account, to, 10)
        return counts.requests / 10


def _our_requests(
    chain: Chain,
    network: Network,
    senders: list[Wallet],
    to: Wallet,
    folder: Path,
) -> dict[str, object]:
    with counting_proxy(chain.url) as (url, counts):
        ours.point_at(network, url)
        ours.submit(network, senders, to, 2, "requests")
        with ours.clusters(2, folder):
            ours.seconds_until_done("requests", 2 * len(senders))
        done = 2 * len(senders)
        return {
            "http_per_transaction": round(counts.requests / done, 2),
            "calls_per_transaction": round(sum(counts.calls.values()) / done, 2),
            "calls": dict(counts.calls.most_common()),
        }


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence} …\n")


if __name__ == "__main__":
    main()
