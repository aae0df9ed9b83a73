"""What is offered for gas can be mined, keeps to its ceiling, and replaces what it must replace."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chains import Chain
from wallets.chain.client import NetworkClient
from wallets.chain.errors import RpcUnavailable
from wallets.chain.fees import (
    LEAST_TIP,
    MOST_TIP,
    FeeCeilingExceeded,
    FeeQuote,
    fee_request,
    read_fees,
    replacement,
)
from wallets.models import Network

GWEI = 10**9
EIP1559 = Network(name="Test", fee_model=Network.FeeModel.EIP1559)
LEGACY = Network(name="Old", fee_model=Network.FeeModel.LEGACY)
FEES = st.integers(0, 10**15)
URGENCIES = ("slow", "normal", "fast")


def history(base: int, *rewards: tuple[int, int, int]) -> dict[str, Any]:
    """A fee history: tips at the 10th, 50th and 90th percentile for each block."""
    return {
        "baseFeePerGas": [hex(1), hex(base)],
        "reward": [[hex(tip) for tip in row] for row in rewards],
    }


def quote(base: int, tip: int, *, ceiling: int | None = None) -> FeeQuote:
    answer = history(base, (tip, tip, tip))
    return read_fees(EIP1559, answer, urgency="normal", ceiling=ceiling)


@pytest.mark.parametrize(("urgency", "tip"), [("slow", 1), ("normal", 2), ("fast", 3)])
def test_the_tip_follows_the_urgency(urgency: str, tip: int) -> None:
    rows = [(GWEI, 2 * GWEI, 3 * GWEI)] * 3
    fees = read_fees(EIP1559, history(20 * GWEI, *rows), urgency=urgency, ceiling=None)
    assert fees == FeeQuote((40 + tip) * GWEI, tip * GWEI, (20 + tip) * GWEI)


def test_the_base_fee_is_that_of_the_next_block() -> None:
    assert quote(30 * GWEI, GWEI).market == 31 * GWEI


def test_one_block_of_spendthrifts_does_not_set_the_tip() -> None:
    rows = [(1, GWEI, 1), (1, 500 * GWEI, 1), (1, GWEI, 1)]
    fees = read_fees(EIP1559, history(GWEI, *rows), urgency="normal", ceiling=None)
    assert fees.max_priority_fee_per_gas == GWEI


def test_empty_blocks_say_nothing_about_tips() -> None:
    rows = [(0, 0, 0), (0, 0, 0), (1, 7, 9)]
    fees = read_fees(EIP1559, history(GWEI, *rows), urgency="normal", ceiling=None)
    assert fees.max_priority_fee_per_gas == 7


@pytest.mark.parametrize(
    ("base", "tip"),
    [(10 * GWEI, GWEI), (100 * GWEI, MOST_TIP), (10**8, 10**7), (1, LEAST_TIP)],
)
def test_where_nobody_tips_the_tip_is_in_proportion(base: int, tip: int) -> None:
    assert quote(base, 0).max_priority_fee_per_gas == tip


def test_a_ceiling_above_what_is_offered_changes_nothing() -> None:
    assert quote(20 * GWEI, GWEI, ceiling=41 * GWEI) == quote(20 * GWEI, GWEI)


def test_a_ceiling_with_room_to_be_mined_is_kept() -> None:
    fees = quote(20 * GWEI, GWEI, ceiling=24 * GWEI)
    assert (fees.max_fee_per_gas, fees.max_priority_fee_per_gas) == (24 * GWEI, GWEI)


def test_a_ceiling_below_the_market_holds_and_says_so() -> None:
    words = "the market asks 23500000000 wei per gas, the ceiling is 23000000000"
    with pytest.raises(FeeCeilingExceeded, match=words):
        quote(20 * GWEI, GWEI, ceiling=23 * GWEI)


@given(base=FEES, tip=FEES, ceiling=st.none() | FEES)
def test_what_is_offered_can_be_mined_within_the_ceiling(
    base: int, tip: int, ceiling: int | None
) -> None:
    try:
        fees = quote(base, tip, ceiling=ceiling)
    except FeeCeilingExceeded:
        assert ceiling is not None
        assert ceiling < -(-base * 9 // 8) + max(tip, LEAST_TIP, base // 10)
        return
    # The base fee rises by an eighth at most from one block to the next.
    assert fees.max_fee_per_gas >= -(-base * 9 // 8) + fees.max_priority_fee_per_gas
    assert ceiling is None or fees.max_fee_per_gas <= ceiling
    assert 0 <= fees.max_priority_fee_per_gas <= fees.max_fee_per_gas


@pytest.mark.parametrize(("urgency", "offer"), [("slow", 1001), ("normal", 1127), ("fast", 1502)])
def test_a_legacy_price_follows_the_urgency(urgency: str, offer: int) -> None:
    fees = read_fees(LEGACY, hex(1001), urgency=urgency, ceiling=None)
    assert fees == FeeQuote(offer, offer, 1001)


@given(price=FEES)
def test_more_urgent_is_never_cheaper_and_slow_is_what_the_node_asks(price: int) -> None:
    offers = [
        read_fees(LEGACY, hex(price), urgency=urgency, ceiling=None).max_fee_per_gas
        for urgency in URGENCIES
    ]
    assert offers == sorted(offers)
    assert (offers[0], offers[2] <= 2 * price) == (price, True)


def test_a_legacy_ceiling_is_kept_and_never_undercuts_what_the_node_asks() -> None:
    fees = read_fees(LEGACY, hex(1000), urgency="fast", ceiling=1200)
    assert fees == FeeQuote(1200, 1200, 1000)
    with pytest.raises(FeeCeilingExceeded, match="the market asks 1000 wei"):
        read_fees(LEGACY, hex(1000), urgency="fast", ceiling=999)


@given(price=FEES, urgency=st.sampled_from(URGENCIES), ceiling=st.none() | FEES)
def test_a_legacy_price_can_be_mined_within_the_ceiling(
    price: int, urgency: str, ceiling: int | None
) -> None:
    try:
        fees = read_fees(LEGACY, hex(price), urgency=urgency, ceiling=ceiling)
    except FeeCeilingExceeded:
        assert ceiling is not None
        assert ceiling < price
        return
    assert fees.max_fee_per_gas == fees.max_priority_fee_per_gas >= price
    assert ceiling is None or fees.max_fee_per_gas <= ceiling


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        "0x1",
        [],
        {"baseFeePerGas": [], "reward": []},
        {"baseFeePerGas": ["0x1"], "reward": [[]]},
        {"baseFeePerGas": ["0x1"], "reward": None},
        {"baseFeePerGas": ["1"], "reward": [["0x1", "0x1", "0x1"]]},
        {"baseFeePerGas": ["0x1"], "reward": [[None, None, None]]},
    ],
)
def test_a_history_that_makes_no_sense_is_unknown(answer: Any) -> None:
    with pytest.raises(RpcUnavailable):
        read_fees(EIP1559, answer, urgency="normal", ceiling=None)


@pytest.mark.django_db
@pytest.mark.parametrize("urgency", URGENCIES)
@pytest.mark.parametrize("model", Network.FeeModel.values)
def test_a_real_chain_answers_what_is_asked(
    network: Network, chain: Chain, urgency: str, model: str
) -> None:
    chain.mine(3)
    network.fee_model = model
    answer = NetworkClient(network).read(*fee_request(network))
    fees = read_fees(network, answer, urgency=urgency, ceiling=None)
    assert fees.max_fee_per_gas >= fees.market > 0


def accepted(old: int, new: int) -> bool:
    """What geth asks of each field: a tenth more, in whole wei, and more than before."""
    return new > old and new >= old * 110 // 100


def test_the_bump_one_wei_short() -> None:
    """Rounded down, 1.125 times 1,000,000,001 is one wei less than a node may ask."""
    old = 1_000_000_001
    new, tip = replacement(old, old, 0, 0)
    assert (new, tip) == (1_125_000_002, 1_125_000_002)
    assert new * 1000 >= old * 1125


@pytest.mark.parametrize(
    ("old", "market", "new"),
    [
        ((8, 8), (0, 0), (9, 9)),
        ((0, 0), (0, 0), (1, 1)),
        ((1, 1), (0, 0), (2, 2)),
        # Both fields rise, even when the market asks for more in one of them only.
        ((100, 10), (500, 5), (500, 12)),
        ((100, 10), (50, 40), (113, 40)),
        # A tip above the max would be no valid transaction.
        ((100, 100), (0, 300), (300, 300)),
    ],
)
def test_a_replacement(old: tuple[int, int], market: tuple[int, int], new: tuple[int, int]) -> None:
    assert replacement(*old, *market) == new


@given(st.tuples(FEES, FEES), st.tuples(FEES, FEES))
def test_a_replacement_is_accepted_and_worth_it(
    old: tuple[int, int], market: tuple[int, int]
) -> None:
    (old_tip, old_max), (market_tip, market_max) = sorted(old), sorted(market)
    new_max, new_tip = replacement(old_max, old_tip, market_max, market_tip)
    assert accepted(old_max, new_max)
    assert accepted(old_tip, new_tip)
    assert new_max * 8 >= old_max * 9
    assert new_tip * 8 >= old_tip * 9
    assert new_tip <= new_max
    assert (new_max >= market_max, new_tip >= market_tip) == (True, True)
    assert new_max <= max(-(-old_max * 9 // 8), old_max + 1, market_max, new_tip)


@given(old=FEES, market=FEES)
def test_a_legacy_replacement_stays_one_price(old: int, market: int) -> None:
    new_max, new_tip = replacement(old, old, market, market)
    assert new_max == new_tip
