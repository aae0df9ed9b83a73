"""A settlement comes back from its JSON as it went in, or not at all."""

import json
from typing import Any

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from protocols.actions import Movement, Settlement
from protocols.settlements import SettlementError, settlement_from_json, settlement_to_json
from wallets.amounts import MAX_UINT256

addresses = st.binary(min_size=20, max_size=20).map(to_checksum_address)
movements = st.builds(
    Movement,
    token=st.just("") | addresses,
    direction=st.sampled_from(["in", "out"]),
    amount=st.integers(0, MAX_UINT256),
    counterparty=addresses,
)
settlements = st.builds(Settlement, st.lists(movements, max_size=4).map(tuple), st.text())


@given(settlements)
def test_what_is_kept_is_what_was_settled(settlement: Settlement) -> None:
    kept = json.loads(json.dumps(settlement_to_json(settlement)))
    assert settlement_from_json(kept) == settlement


GOOD = {"token": "", "direction": "in", "amount": "5", "counterparty": "0x" + "11" * 20}


@pytest.mark.parametrize(
    "kept",
    [
        None,
        {},
        {"movements": [GOOD]},
        {"movements": [{**GOOD, "direction": "sideways"}], "note": ""},
        {"movements": [{**GOOD, "amount": 5.0}], "note": ""},
        {"movements": [{**GOOD, "amount": 5}], "note": ""},
        {"movements": [{**GOOD, "amount": "-5"}], "note": ""},
        {"movements": [{**GOOD, "token": "USDC"}], "note": ""},
    ],
)
def test_anything_else_is_refused(kept: Any) -> None:
    with pytest.raises(SettlementError):
        settlement_from_json(kept)
