"""The policy signs the swap that was planned; nothing of it goes to or stays with anybody else."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from protocols.actions import Call
from protocols.evm.swaps_v3 import EXACT_INPUT, MULTICALL, REFUND, ROUTER_ITSELF, UNWRAP
from tests.protocols.operators import ETHER, USDC, Operator
from tests.wallets.planned import planned, queue
from wallets.transactions.policy import PolicyRefusal, check_policy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("v3")]
STRANGER = "0x1111111111111111111111111111111111111111"


@pytest.fixture
def buying(alice: Operator) -> Call:
    """Native coin for USDC."""
    asked: dict[str, Any] = {"token_in": "native", "token_out": alice.token("USDC")}
    return planned(alice, "swap-v3", **asked, amount=str(ETHER))[-1]


@pytest.fixture
def selling(alice: Operator) -> Call:
    """USDC for native coin."""
    asked: dict[str, Any] = {"token_in": alice.token("USDC"), "token_out": "native"}
    return planned(alice, "swap-v3", **asked, amount=str(5 * USDC))[-1]


def parts(call: Call) -> tuple[int, list[bytes], list[Any]]:
    """The deadline, the calls inside, and the terms of the swap among them."""
    outer = MULTICALL.decode_call(call.data)
    assert outer is not None
    deadline, calls = outer.arguments.values()
    swap = EXACT_INPUT.decode_call(calls[0])
    assert swap is not None
    return deadline, list(calls), list(swap.arguments["params"])


def packed(call: Call, calls: Sequence[bytes], deadline: int | None = None) -> Call:
    """The same call with others inside."""
    kept = parts(call)[0] if deadline is None else deadline
    return replace(call, data=MULTICALL.encode(kept, tuple(calls)))


def with_term(call: Call, place: int, value: Any) -> Call:
    """The same call with another path, recipient, amount or minimum of its swap."""
    _deadline, calls, terms = parts(call)
    terms[place] = value
    return packed(call, [EXACT_INPUT.encode(tuple(terms)), *calls[1:]])


def refused(operator: Operator, call: Call) -> str:
    """Why it is not signed."""
    with pytest.raises(PolicyRefusal) as refusal:
        check_policy(queue(operator, "swap-v3", call))
    return str(refusal.value)


def test_what_is_planned_is_signed_and_counted(
    alice: Operator, buying: Call, selling: Call
) -> None:
    assert ("", ETHER) in [
        (one.token, one.amount) for one in check_policy(queue(alice, "swap-v3", buying)).spends
    ]
    permit = check_policy(queue(alice, "swap-v3", selling))
    assert [(one.token, one.amount) for one in permit.spends] == [(alice.token("USDC"), 5 * USDC)]


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        (0, bytes.fromhex("22" * 43), "is no enabled token"),
        (1, STRANGER, "is not the sending wallet"),
        (1, ROUTER_ITSELF, "is not handed on"),
        (2, 2**256 - 1, "without an end"),
        (3, 1, "was promised, 1 would be accepted"),
    ],
)
def test_a_forged_swap_is_refused(
    alice: Operator, buying: Call, place: int, value: Any, told: str
) -> None:
    assert told in refused(alice, with_term(buying, place, value))


def test_what_the_router_keeps_must_be_unwrapped_for_the_wallet(
    alice: Operator, selling: Call
) -> None:
    deadline, calls, terms = parts(selling)
    assert "is not handed on" in refused(alice, packed(selling, calls[:1]))
    assert "is not handed on" in refused(alice, packed(selling, [*calls, calls[1]]))
    hidden = packed(selling, [MULTICALL.encode(deadline, (calls[0], calls[0])), calls[1]])
    assert "is not handed on" in refused(alice, hidden)
    forged = UNWRAP.encode(terms[3], STRANGER)
    assert "is not the sending wallet" in refused(alice, packed(selling, [calls[0], forged]))
    cheap = UNWRAP.encode(1, alice.address)
    assert "1 would be accepted" in refused(alice, packed(selling, [calls[0], cheap]))


def test_coin_that_is_sent_must_come_back_where_it_is_not_used(
    alice: Operator, buying: Call
) -> None:
    _deadline, calls, _terms = parts(buying)
    assert "native coin goes with it" in refused(alice, packed(buying, calls[:1]))
    assert "native coin goes with it" in refused(alice, packed(buying, [calls[1], calls[0]]))


def test_a_swap_without_its_deadline_is_refused(alice: Operator, buying: Call) -> None:
    _deadline, calls, _terms = parts(buying)
    bare = replace(buying, data=calls[0], value=0)
    assert "it is called outside multicall" in refused(alice, bare)


def test_nothing_else_is_called_inside(alice: Operator, buying: Call) -> None:
    _deadline, calls, _terms = parts(buying)
    sweep = bytes.fromhex("df2ab5bb") + bytes(96)
    assert "no rule allows" in refused(alice, packed(buying, [calls[0], sweep, REFUND.encode()]))
    assert "nothing at argument" in refused(alice, packed(buying, []))


def test_a_deadline_far_away_is_refused(alice: Operator, buying: Call) -> None:
    _deadline, calls, _terms = parts(buying)
    assert "seconds away" in refused(alice, packed(buying, calls, deadline=2**40))
