"""A few random runs among kills, faults and reorganisations; `make faults` makes hundreds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chains import Chain
from tests.faults.chaos import make_run, play
from tests.faults.ground import FINAL_DEPTH, Ground, behind_proxies
from tests.faults.verdict import verdict
from wallets.models import Network

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.db]


@pytest.fixture
def ground(chain: Chain, network: Network) -> Iterator[Ground]:
    """Faults between the network and its chain."""
    Network.objects.update(final_depth=FINAL_DEPTH)
    with behind_proxies(chain, network) as found:
        yield found


def test_random_runs_neither_lose_nor_double(ground: Ground, keystores: Path) -> None:
    for seed in range(1001, 1009):
        run = make_run(seed, ground)
        ground.chain.mine(FINAL_DEPTH)
        play(run)
        assert (seed, verdict(run)) == (seed, {"duplicates": 0, "lost": 0, "violations": []})
        assert run.happened["killed"] + run.happened["survived"]
