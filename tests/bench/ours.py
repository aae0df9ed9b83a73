"""The same transfers through the real thing: rows, workers, one PostgreSQL."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from django.db import connection

from tests.chains import Chain, make_network, make_wallet
from tests.processes import manage
from wallets.models import Network, RpcEndpoint, Transaction, Wallet
from wallets.services import Intent, submit_transaction

DONE = ("confirmed", "final")


def make_ground(chain: Chain, wallets: int) -> tuple[Network, list[Wallet]]:
    """A network that confirms with the first block, and funded wallets."""
    network = make_network(chain, confirm_depth=1)
    return network, [make_wallet(f"bench-{number}", chain) for number in range(wallets)]


def submit(network: Network, senders: list[Wallet], to: Wallet, each: int, round_: str) -> None:
    """`each` transfers of one wei from every sender."""
    for number in range(each):
        for sender in senders:
            intent = Intent(
                wallet=sender,
                network=network,
                idempotency_key=f"bench:{round_}:{sender.pk}:{number}",
                origin="bench",
                protocol="evm",
                action="transfer",
                to=to.address,  # type: ignore[arg-type]
                value=1,
            )
            submit_transaction(intent=intent, actor="bench")


@contextmanager
def clusters(count: int, folder: Path) -> Iterator[None]:
    """Workers of so many clusters."""
    with ExitStack() as stack:
        for number in range(count):
            stack.enter_context(manage("qcluster", log=folder / f"workers-{number}.log"))
        yield


def seconds_until_done(round_: str, wanted: int, within: float = 300) -> float:
    """From the round's first signature until so many of it are confirmed."""
    started: float | None = None
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        rows = Transaction.objects.filter(idempotency_key__startswith=f"bench:{round_}:")
        if started is None and rows.exclude(state__in=("queued", "held")).exists():
            started = time.monotonic()
        if started is not None and rows.filter(state__in=DONE).count() >= wanted:
            return time.monotonic() - started
        connection.close()
        time.sleep(0.2)
    raise TimeoutError(f"not all {wanted} transactions were confirmed in {within:g} s")


def point_at(network: Network, url: str) -> None:
    """Send the network's questions somewhere else."""
    RpcEndpoint.objects.filter(network=network).update(url=url)
