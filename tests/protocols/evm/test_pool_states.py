"""Whatever state a pool is in or gets into: as much as was promised comes, or nothing happens.

100 states of each exchange; `python -m tests.bench.swaps` tries 1,000.
"""

import os
from collections import Counter
from random import Random

import pytest

from tests.pools import Depth, Pools
from tests.protocols.evm.test_liquidity import pair_of
from tests.protocols.operators import Operator
from tests.uniswap_v3 import UniswapV3

pytestmark = pytest.mark.django_db
STATES = int(os.environ.get("SWAP_STATES", "100"))


@pytest.fixture
def pools(alice: Operator, v3: UniswapV3) -> Pools:
    """Those of WETH and USDC."""
    usdc = alice.token("USDC")
    both = [v3.pool(v3.weth, usdc, fee) for fee in (500, 3000)]
    return Pools.of(alice, pair_of(alice, "WETH", "USDC"), both)


@pytest.mark.parametrize("action", ["swap", "swap-v3"])
def test_as_much_as_was_promised_comes_or_nothing_happens(pools: Pools, action: str) -> None:
    outcomes: Counter[str] = Counter()
    for seed in range(STATES):
        random = Random(seed)
        depth = Depth.drawn(random)
        trade = depth.trade(random)
        try:
            outcomes[pools.swap(action, depth, trade)] += 1
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {depth}, {trade}") from error
    print(f"{action} in {STATES} states: {dict(outcomes)}")  # noqa: T201
    # A test in which nothing is ever traded, or nothing ever moves, would show nothing.
    assert outcomes["done"] > STATES // 2
    assert outcomes["reverted"] > 0
