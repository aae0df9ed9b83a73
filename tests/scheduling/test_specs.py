"""A planned step is read as it was written, amounts and times exactly."""

from datetime import UTC, datetime

import pytest

from protocols.actions import Call, Message, PlannedStep, Wait
from scheduling.specs import call_from_json, kind_of, step_from_json, step_to_json
from scheduling.steps import _lowest
from wallets.addresses import parse_address
from wallets.transactions.expectations import Expectations

TO = parse_address("0x" + "11" * 20)
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "step",
    [
        Call("pay", TO, b"\x01", 2**200, NOON, Expectations(allowance=2**70), 324, 2**66),
        Call("pay", TO),
        Wait("landing", "landed", {"least": "5"}, 7, 8),
        Message("order", "place", {"size": "0.1"}, None, NOON),
    ],
)
def test_a_step_survives_being_kept(step: PlannedStep) -> None:
    assert step_from_json(kind_of(step), step_to_json(step)) == step


def test_a_call_kept_before_it_could_name_a_network_is_for_its_tasks_own() -> None:
    spec = step_to_json(Call("pay", TO))
    del spec["chain_id"], spec["max_fee_per_gas"]
    assert call_from_json(spec) == Call("pay", TO)


def test_the_lowest_ceiling_counts() -> None:
    assert (_lowest(5, None), _lowest(5, 3), _lowest(None, None)) == (5, 3, None)
