"""Allowances through Permit2 are exact, for registered spenders, and soon over."""

from random import Random
from typing import Any

import pytest

from airdrops_site.devnet.errors import DevnetError
from protocols.actions import Call, PlanError
from protocols.evm.permit2 import APPROVE
from tests.author import Author, calldata
from tests.protocols.evm.conftest import register
from tests.protocols.operators import USDC, Operator
from tests.solidity import compiled
from tests.viem import OFFICIAL, encode_all, wanted
from tests.wallets.planned import planned, queue, with_arguments
from wallets.transactions.allowances import PERMIT2
from wallets.transactions.policy import PolicyRefusal, check_policy

pytestmark = pytest.mark.django_db

STRANGER = "0x1111111111111111111111111111111111111111"
TAKE = "transferFrom(address,address,uint160,address)"


@pytest.fixture
def holder(alice: Operator) -> Operator:
    """A wallet that has allowed Permit2 100 of its USDC."""
    made = Author(alice.rpc, alice.deployed.treasury)
    stand_in = made.deploy(compiled("tests/solidity/Permit2.sol", "Permit2"))
    code = alice.rpc.call("eth_getCode", stand_in, "latest")
    alice.rpc.call("anvil_setCode", PERMIT2, code)
    register(alice.network, "permit2", PERMIT2, "permit2")
    alice.perform("approve", token=alice.token("USDC"), spender=PERMIT2, amount=100 * USDC)
    return alice


def asked(operator: Operator, **changes: Any) -> dict[str, Any]:
    """Let the exchange take 40 USDC."""
    router = operator.deployed.router.address
    return {"token": operator.token("USDC"), "spender": router, "amount": 40 * USDC, **changes}


def plan(operator: Operator, **changes: Any) -> Call:
    """The one call."""
    (call,) = planned(operator, "approve-permit2", **asked(operator, **changes))
    return call


def take(operator: Operator, amount: int) -> None:
    """Have the exchange take some, as its code would."""
    router = operator.deployed.router.address
    data = calldata(TAKE, operator.address, router, amount, operator.token("USDC"))
    operator.rpc.call("eth_call", {"from": router, "to": PERMIT2, "data": data}, "latest")


def refused(operator: Operator, **changes: Any) -> str:
    """Why there is no plan."""
    with pytest.raises(PlanError) as refusal:
        plan(operator, **changes)
    return str(refusal.value)


def test_the_spender_may_take_so_much_and_no_more(holder: Operator) -> None:
    holder.perform("approve-permit2", **asked(holder))
    take(holder, 40 * USDC)
    with pytest.raises(DevnetError, match="refused eth_call"):
        take(holder, 40 * USDC + 1)


def test_it_is_over_by_itself(holder: Operator) -> None:
    call = plan(holder, expires_in=300)
    holder.send(call)
    assert call.valid_until is not None
    # By the chain's own clock, which other tests may have left behind ours.
    until = int(call.valid_until.timestamp())
    holder.rpc.call("evm_setNextBlockTimestamp", until + 1)
    holder.rpc.call("evm_mine")
    with pytest.raises(DevnetError, match="refused eth_call"):
        take(holder, 1)


def test_what_cannot_be_is_said_in_one_sentence(holder: Operator) -> None:
    assert "with the action approve" in refused(holder, amount=101 * USDC)
    assert "is no enabled deployment" in refused(holder, spender=STRANGER)
    assert "is Permit2 itself" in refused(holder, spender=PERMIT2)
    assert "10000000000 base units" in refused(holder, amount=10_001 * USDC)
    assert "above zero" in refused(holder, amount=0)
    assert "less than or equal to 86400" in refused(holder, expires_in=86_401)


def test_the_calldata_is_what_viem_encodes(holder: Operator) -> None:
    random, theirs, ours = Random(2), [], []
    official = OFFICIAL / "permit2.json"
    for _ in range(24):
        terms = {"amount": random.randint(1, 100 * USDC), "expires_in": random.randint(60, 86_400)}
        call = plan(holder, **terms)
        ours.append(call.data)
        assert call.valid_until is not None
        until = int(call.valid_until.timestamp())
        router = holder.deployed.router.address
        theirs.append(
            wanted(official, "approve", holder.token("USDC"), router, terms["amount"], until)
        )
    encoded = encode_all(theirs)
    assert ours == encoded
    decoded = APPROVE.decode_call(encoded[0])
    assert decoded is not None
    assert [str(one) for one in decoded.arguments.values()] == theirs[0]["args"]


def test_what_is_planned_is_signed_and_counted(holder: Operator) -> None:
    permit = check_policy(queue(holder, "approve-permit2", plan(holder)))
    assert [(one.token, one.amount, one.leaves) for one in permit.spends] == [
        (holder.token("USDC"), 40 * USDC, False)
    ]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"spender": STRANGER}, "that may be given allowances"),
        ({"token": STRANGER}, "is no enabled token"),
        ({"amount": 41 * USDC}, "40000000 is needed, 41000000 would be allowed"),
        ({"amount": 2**160 - 1}, "without an end"),
        ({"expiration": 2**48 - 1}, "seconds away"),
        ({"expiration": 0}, "seconds ago"),
    ],
)
def test_a_forged_allowance_is_refused(
    holder: Operator, changes: dict[str, Any], told: str
) -> None:
    forged = with_arguments(plan(holder), APPROVE, **changes)
    with pytest.raises(PolicyRefusal, match=told):
        check_policy(queue(holder, "approve-permit2", forged))
