"""A few random runs among kills, faults and reorganisations; `make faults` makes hundreds."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.chains import Chain
from tests.faults.chaos import make_run, play, verdict
from tests.faults.proxy import Plan, faulty_proxy
from wallets.models import Network, RpcEndpoint

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.db]


@pytest.fixture
def plan(chain: Chain, network: Network) -> Iterator[Plan]:
    """Faults between the network and its chain."""
    Network.objects.update(final_depth=12)
    plan = Plan(Random(0))
    with faulty_proxy(chain.url, plan) as url:
        RpcEndpoint.objects.update(url=url)
        yield plan


def test_random_runs_neither_lose_nor_double(
    chain: Chain, keystores: Path, network: Network, plan: Plan
) -> None:
    for seed in range(1001, 1009):
        plan.chance = 0.0
        network.refresh_from_db()
        run = make_run(seed, chain, network, plan)
        chain.mine(12)
        play(run)
        assert (seed, verdict(run)) == (seed, {"duplicates": 0, "lost": 0, "violations": []})
    assert plan.injected
