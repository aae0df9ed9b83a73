"""The policy signs what was planned for a pool, and nothing that goes to anybody else."""

from typing import Any

import pytest

from protocols.actions import Call
from protocols.codec import Function
from protocols.evm.liquidity import ADD_NATIVE, REMOVE_NATIVE
from tests.protocols.evm.conftest import register
from tests.protocols.evm.test_liquidity import both, pair_of
from tests.protocols.operators import ETHER, USDC, Operator
from tests.wallets.planned import planned, queue, with_arguments
from wallets.transactions.policy import PolicyRefusal, check_policy

pytestmark = pytest.mark.django_db

STRANGER = "0x1111111111111111111111111111111111111111"


@pytest.fixture
def adding(alice: Operator) -> list[Call]:
    """An allowance, and liquidity of 1 ETH."""
    amounts: dict[str, Any] = {"amount_a": ETHER, "amount_b": 9_000 * USDC}
    return planned(alice, "add-liquidity", **both(alice, "native", "USDC"), **amounts)


@pytest.fixture
def removing(alice: Operator, adding: list[Call]) -> list[Call]:
    """An allowance of shares, and the shares of 1 ETH."""
    for call in adding:
        alice.send(call)
    pair = pair_of(alice, "WETH", "USDC")
    register(alice.network, "uniswap_v2_pair-weth-usdc", pair, "uniswap_v2_pair")
    coins = both(alice, "native", "USDC")
    return planned(alice, "remove-liquidity", **coins, liquidity=10**12)


def refused(operator: Operator, action: str, call: Call) -> str:
    """Why it is not signed."""
    with pytest.raises(PolicyRefusal) as refusal:
        check_policy(queue(operator, action, call))
    return str(refusal.value)


def test_what_is_planned_is_signed(alice: Operator, removing: list[Call]) -> None:
    assert all(check_policy(queue(alice, "remove-liquidity", call)) for call in removing)


def test_what_is_added_is_signed_and_counted(alice: Operator, adding: list[Call]) -> None:
    permits = [check_policy(queue(alice, "add-liquidity", call)) for call in adding]
    assert [(one.token, one.amount) for one in permits[-1].spends] == [
        ("", ETHER),
        (alice.token("USDC"), 2_500 * USDC),
    ]


@pytest.mark.parametrize(
    ("function", "changes", "told"),
    [
        (ADD_NATIVE, {"to": STRANGER}, "is not the sending wallet"),
        (ADD_NATIVE, {"amountETHMin": ETHER // 4}, "at least"),
        (ADD_NATIVE, {"amountTokenMin": 1}, "at least"),
        (ADD_NATIVE, {"token": STRANGER}, "is no enabled token"),
        (ADD_NATIVE, {"deadline": 2**40}, "seconds away"),
    ],
)
def test_a_forged_deposit_is_refused(
    alice: Operator, adding: list[Call], function: Function, changes: dict[str, object], told: str
) -> None:
    forged = with_arguments(adding[-1], function, **changes)
    assert told in refused(alice, "add-liquidity", forged)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"to": STRANGER}, "is not the sending wallet"),
        ({"amountETHMin": 1}, "was promised, 1 would be accepted"),
        ({"amountTokenMin": 1}, "was promised, 1 would be accepted"),
    ],
)
def test_a_forged_withdrawal_is_refused(
    alice: Operator, removing: list[Call], changes: dict[str, object], told: str
) -> None:
    forged = with_arguments(removing[-1], REMOVE_NATIVE, **changes)
    assert told in refused(alice, "remove-liquidity", forged)
