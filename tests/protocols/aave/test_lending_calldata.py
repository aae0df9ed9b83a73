"""What is sent to a market is what viem encodes, and the policy lets nothing else through."""

from random import Random
from typing import Any

import pytest

from protocols.aave.lending import BORROW, REPAY, SUPPLY, WITHDRAW
from protocols.aave.market import POOL_ABI
from protocols.actions import Call
from protocols.codec import Function
from tests.protocols.operators import ETHER, USDC, Operator
from tests.viem import MODULES, encode_all, wanted
from tests.wallets.planned import planned, queue, with_arguments
from wallets.amounts import MAX_UINT256
from wallets.transactions.policy import PolicyRefusal, check_policy

pytestmark = pytest.mark.django_db

POOL = MODULES / "@aave/core-v3/artifacts/contracts/protocol/pool/Pool.sol/Pool.json"
STRANGER = "0x1111111111111111111111111111111111111111"


@pytest.fixture
def debtor(lender: Operator) -> Operator:
    """A wallet that has supplied USDC and owes WETH."""
    asset = lender.token("WETH")
    lender.perform("borrow", protocol="aave", asset=asset, amount=ETHER // 2)
    return lender


def last(operator: Operator, action: str, **params: Any) -> Call:
    """The call itself, after its approvals."""
    return planned(operator, action, protocol="aave", **params)[-1]


def generated(operator: Operator, action: str, number: int) -> dict[str, Any]:
    """Parameters of an action that can be done."""
    random = Random(number)
    symbol, most = ("WETH", ETHER // 2) if action == "repay" else ("USDC", 500 * USDC)
    return {"asset": operator.token(symbol), "amount": random.randint(1, most)}


@pytest.mark.parametrize("action", ["supply", "withdraw", "borrow", "repay"])
def test_the_calldata_is_what_viem_encodes(debtor: Operator, action: str) -> None:
    me = debtor.address
    endings: dict[str, list[Any]] = {
        "supply": [me, 0],
        "withdraw": [me],
        "borrow": [2, 0, me],
        "repay": [2, me],
    }
    sets = [generated(debtor, action, number) for number in range(20)]
    ours = [last(debtor, action, **asked).data for asked in sets]
    calls = [wanted(POOL, action, *asked.values(), *endings[action]) for asked in sets]
    theirs = encode_all(calls)
    assert ours == theirs
    for asked, data in zip(sets, theirs, strict=True):
        decoded = POOL_ABI.decode_call(data)
        assert decoded is not None
        assert list(decoded.arguments.values()) == [*asked.values(), *endings[action]]


def test_all_is_the_largest_number_where_it_comes_back(lender: Operator) -> None:
    usdc = lender.token("USDC")
    call = last(lender, "withdraw", asset=usdc, amount="all")
    assert [call.data] == encode_all([wanted(POOL, "withdraw", usdc, MAX_UINT256, lender.address)])


@pytest.mark.parametrize("action", ["supply", "withdraw", "borrow", "repay"])
def test_what_is_planned_is_signed(debtor: Operator, action: str) -> None:
    calls = planned(debtor, action, protocol="aave", **generated(debtor, action, 1))
    assert all(check_policy(queue(debtor, action, call, protocol="aave")) for call in calls)


@pytest.mark.parametrize(
    ("action", "function", "changes"),
    [
        ("supply", SUPPLY, {"onBehalfOf": STRANGER}),
        ("supply", SUPPLY, {"asset": STRANGER}),
        ("supply", SUPPLY, {"referralCode": 7}),
        ("withdraw", WITHDRAW, {"to": STRANGER}),
        ("borrow", BORROW, {"onBehalfOf": STRANGER}),
        ("borrow", BORROW, {"interestRateMode": 1}),
        ("borrow", BORROW, {"amount": MAX_UINT256}),
        ("repay", REPAY, {"onBehalfOf": STRANGER}),
        ("repay", REPAY, {"amount": MAX_UINT256}),
    ],
)
def test_a_forged_call_is_refused(
    debtor: Operator, action: str, function: Function, changes: dict[str, Any]
) -> None:
    call = last(debtor, action, **generated(debtor, action, 1))
    forged = with_arguments(call, function, **changes)
    with pytest.raises(PolicyRefusal):
        check_policy(queue(debtor, action, forged, protocol="aave"))
