"""Which allowances a plan gives for its own use, and which call uses them last."""

import pytest

from protocols.actions import Call, Plan, PlanError, Wait
from protocols.evm.tokens import ABI
from scheduling.models import Run, Task
from scheduling.planning import GivenAllowance, Planned, read_plan
from wallets.addresses import parse_address
from wallets.models import Network

TOKEN, SPENDER, OTHER = (parse_address(f"0x{digit * 40}") for digit in "123")


def approve(amount: int, spender: str = SPENDER) -> Call:
    return Call("approve", TOKEN, ABI.function("approve").encode(spender, amount))


def use(to: str = SPENDER) -> Call:
    return Call("use", parse_address(to), b"\x12\x34\x56\x78")


def given(*calls: Call) -> list[GivenAllowance]:
    return Planned(calls, "", ()).given


@pytest.mark.parametrize(
    ("calls", "last_use"),
    [
        ((approve(5), use()), 1),
        ((approve(0), approve(5), use()), 2),
        ((approve(5), use(), use(OTHER)), 1),
        ((approve(5), use(), use(OTHER), use()), 3),
        ((approve(5), use(OTHER)), 1),
        ((approve(5), use(OTHER), use(TOKEN)), 2),
    ],
)
def test_it_is_used_last_by_a_call_of_the_spender_or_by_the_last(
    calls: tuple[Call, ...], last_use: int
) -> None:
    assert given(*calls) == [GivenAllowance(TOKEN, SPENDER, 5, last_use)]


@pytest.mark.parametrize(
    "calls",
    [(use(),), (approve(5),), (approve(0), approve(5)), (approve(0), use()), (use(), approve(5))],
)
def test_what_is_the_plans_purpose_or_nothing_is_not_given_for_use(
    calls: tuple[Call, ...],
) -> None:
    assert given(*calls) == []


def test_each_spender_has_its_own() -> None:
    found = given(approve(5), use(), approve(7, OTHER), use(OTHER))
    assert [(one.spender, one.amount, one.last_use) for one in found] == [
        (SPENDER, 5, 1),
        (OTHER, 7, 3),
    ]


@pytest.mark.parametrize(
    ("wait", "sentence"),
    [
        (Wait("landing", "landed", at_most=10**12), "landing may take 1000000000000 s"),
        (Wait("landing", "landed", at_most=0), "landing may take 0 s"),
        (Wait("landing", "landed", first_look=-1), "landing is first looked for after -1 s"),
        (Wait("landing", "landed", {"at": b"\0"}), "landing has arguments that are no JSON"),
    ],
)
def test_a_wait_that_nobody_can_keep_is_refused_before_anything_is_paid(
    wait: Wait, sentence: str
) -> None:
    with pytest.raises(PlanError, match=sentence):
        read_plan(Run(task=Task(network=Network(chain_id=1))), Plan((use(), wait)))
