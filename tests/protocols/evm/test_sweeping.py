"""All native coin goes but what the transfer may cost, what a limit keeps, and never more."""

from typing import Any

import pytest

from protocols.actions import Call, PlanError
from tests.protocols.operators import ETHER, GWEI, Operator, booked, change
from wallets.chain.errors import RpcUnavailable

pytestmark = pytest.mark.django_db


def swept(operator: Operator, **params: Any) -> Call:
    (call,) = operator.plan("sweep", **{"at_most": 100 * ETHER, **params}).steps
    assert isinstance(call, Call)
    return call


def test_what_is_left_pays_the_fee_and_little_more(alice: Operator, bob: Operator) -> None:
    call = swept(alice, to=bob.address)
    base = int(alice.rpc.call("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16)
    left = 10 * ETHER - call.value
    assert 21_000 * base < left < 21_000 * 4 * (base + GWEI)
    assert call.valid_until is not None


def test_a_sweep_is_booked_as_the_chain_did_it(alice: Operator, bob: Operator) -> None:
    before, other = alice.balances(), bob.balances()
    # The operator of these tests offers more for gas than the pipeline would.
    done = alice.perform("sweep", to=bob.address, at_most=100 * ETHER, keep=ETHER // 10)
    assert booked(done) == change(before, alice.balances())
    assert change(other, bob.balances())[""] == -booked(done)[""]


def test_the_cap_and_what_is_to_remain_are_kept(alice: Operator, bob: Operator) -> None:
    assert swept(alice, to=bob.address, at_most=ETHER).value == ETHER
    without = swept(alice, to=bob.address).value
    assert without - swept(alice, to=bob.address, keep=ETHER).value == ETHER


@pytest.mark.parametrize(
    ("balance", "params"),
    [(0, {}), (10**12, {}), (ETHER, {"keep": ETHER}), (10**15, {"dust": 10**15})],
)
def test_where_nothing_is_left_nothing_is_planned(
    alice: Operator, bob: Operator, balance: int, params: dict[str, int]
) -> None:
    alice.rpc.call("anvil_setBalance", alice.address, hex(balance))
    alice.rpc.call("evm_mine")
    with pytest.raises((PlanError, RpcUnavailable), match=r"nothing to send|refused"):
        swept(alice, to=bob.address, **params)


def test_a_stranger_gets_nothing(alice: Operator) -> None:
    with pytest.raises(PlanError, match="not confirmed in the address book"):
        swept(alice, to="0x1111111111111111111111111111111111111111")
