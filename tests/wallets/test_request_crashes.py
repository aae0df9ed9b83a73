"""Whatever boundary a worker is killed at, an order is executed exactly once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from django.db import connection
from django.utils import timezone

from tests.chains import Chain, make_wallet
from tests.wallets import venue_server
from tests.wallets.crashing import dies_at
from tests.wallets.orders import open_exchange, order, time_passes, worked
from tests.wallets.signer_server import SignerServer, make_remote_wallet, serve_signer
from tests.wallets.venue_server import Reply, VenueServer, after_executing, once, serve_venue
from wallets.models import Network, SignedRequest, Wallet
from wallets.requests.work import work_requests
from wallets.transactions.points import RequestPoint as P

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.db]

# What happens to the first order on its way; a venue that answers at once is never asked.
WAYS: dict[str, tuple[Callable[[], Reply], set[P]]] = {
    "answered": (lambda: venue_server.do, {P.ASKED}),
    "answer lost": (lambda: once(after_executing(venue_server.hang_up)), {P.ANSWERED}),
    "order lost": (lambda: once(venue_server.hang_up), set()),
}


@pytest.fixture
def signer(network: Network, keystores: object) -> Iterator[SignerServer]:
    with serve_signer() as running:
        yield running


@pytest.fixture
def venue(signer: SignerServer) -> Iterator[VenueServer]:
    with serve_venue() as running:
        open_exchange(running)
        yield running


def long_work() -> None:
    """What workers do in minutes."""
    for _ in range(6):
        SignedRequest.objects.exclude(wake_at=None).update(wake_at=timezone.now())
        work_requests()
        time_passes(31)


def faults(wallet: Wallet, point: P, venue: VenueServer, reply: Reply) -> list[str]:
    """What went wrong with one order whose worker died at the point."""
    venue.reply = reply
    row = order(wallet, f"{wallet.label}:{point}")
    if not dies_at(point, "", long_work):
        return ["the point was never reached"]
    long_work()
    row.refresh_from_db()
    wrong = [] if row.state == "acknowledged" else [f"it is {row.state}: {row.detail}"]
    done = venue.executions[row.client_id]
    return wrong if done == 1 else [*wrong, f"executed {done} times"]


@pytest.mark.parametrize("where", ["local", "remote"])
@pytest.mark.parametrize("way", WAYS)
def test_a_worker_killed_anywhere_neither_loses_nor_doubles_an_order(
    where: str, way: str, chain: Chain, signer: SignerServer, venue: VenueServer
) -> None:
    remote = where == "remote"
    wallet = make_remote_wallet("w", chain, signer) if remote else make_wallet("w", chain)
    make_reply, impossible = WAYS[way]
    points = [point for point in P if point not in impossible]
    found = {point.value: faults(wallet, point, venue, make_reply()) for point in points}
    assert {point: wrong for point, wrong in found.items() if wrong} == {}


def test_a_venue_that_would_double_is_never_given_the_order_twice(
    chain: Chain, signer: SignerServer, venue: VenueServer
) -> None:
    wallet = make_wallet("w", chain)
    venue.refuses_doubles = False
    rows = []
    for point in P:
        venue.reply = venue_server.do
        rows.append(order(wallet, f"once:{point}"))
        dies_at(point, "", long_work)
        long_work()
    counts = [venue.executions[row.client_id] for row in rows]
    states = set(SignedRequest.objects.values_list("state", flat=True))
    assert max(counts) == 1
    # Killed between the mark and the venue: nobody can say whether it left.
    assert counts.count(0) == 1
    assert states == {"acknowledged", "needs_operator"}


@pytest.mark.postgresql
def test_workers_at_once_execute_each_order_once(
    chain: Chain, signer: SignerServer, venue: VenueServer
) -> None:
    wallet = make_remote_wallet("w", chain, signer)
    rows = [order(wallet, f"o:{number}") for number in range(12)]

    def worker() -> None:
        with closing(connection):
            for _ in range(3):
                work_requests()

    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(worker) for _ in range(4)]:
            future.result(timeout=60)
    assert {worked(row).state for row in rows} == {"acknowledged"}
    assert [venue.executions[row.client_id] for row in rows] == [1] * 12
    nonces = {row.request_nonce for row in SignedRequest.objects.all()}
    assert len(nonces) == 12
