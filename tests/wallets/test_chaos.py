"""A few random runs among kills, faults and reorganisations; `make faults` makes hundreds."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random

import pytest

from tests.chains import Chain
from tests.faults.chaos import make_run, play
from tests.faults.ground import FINAL_DEPTH, Ground, behind_proxies
from tests.faults.verdict import verdict
from tests.wallets import signer_server
from tests.wallets.signer_server import Reply, SignerServer, make_remote_wallet, serve_signer
from wallets.models import Network

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.db]


@pytest.fixture
def ground(chain: Chain, network: Network) -> Iterator[Ground]:
    """Faults between the network and its chain."""
    Network.objects.update(final_depth=FINAL_DEPTH)
    with behind_proxies(chain, network) as found:
        yield found


def fails_at_times(random: Random) -> Reply:
    """A signer that answers nonsense, or not at all, every sixth time."""
    faults: list[Reply] = [
        signer_server.status(500),
        signer_server.html,
        signer_server.hang_up,
        signer_server.wrong_key,
    ]
    signs = SignerServer().reply
    return lambda *asked: (random.choice(faults) if random.random() < 1 / 6 else signs)(*asked)


def test_random_runs_with_remote_keys_neither_lose_nor_double(
    ground: Ground, keystores: Path
) -> None:
    with serve_signer() as server:
        for seed in range(2001, 2009):
            server.healed()
            run = make_run(seed, ground, partial(make_remote_wallet, server=server))
            ground.chain.mine(FINAL_DEPTH)
            server.reply = fails_at_times(Random(seed))
            play(run)
            assert (seed, verdict(run)) == (seed, {"duplicates": 0, "lost": 0, "violations": []})


def test_random_runs_neither_lose_nor_double(ground: Ground, keystores: Path) -> None:
    for seed in range(1001, 1009):
        run = make_run(seed, ground)
        ground.chain.mine(FINAL_DEPTH)
        play(run)
        assert (seed, verdict(run)) == (seed, {"duplicates": 0, "lost": 0, "violations": []})
        assert run.happened["killed"] + run.happened["survived"]
