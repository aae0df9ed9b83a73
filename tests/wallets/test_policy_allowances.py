"""Power over tokens is given only as a rule says, and can always be taken back."""

from dataclasses import replace
from typing import Any

import pytest
from eth_utils.abi import function_signature_to_4byte_selector

from protocols.models import Protocol
from protocols.services import disable_deployment, disable_token
from tests import factories
from tests.protocols.operators import USDC, Operator
from tests.wallets.planned import planned, queue
from wallets.addresses import parse_address
from wallets.allowances import AllowanceOf, Reading, record_allowance, revoke_allowance
from wallets.chain.codec import CODEC, argument_types, type_name
from wallets.models import Allowance, Attempt, PolicyRule, Token, Transaction, Wallet
from wallets.transactions.allowances import APPROVE_THROUGH, PERMIT2
from wallets.transactions.limits import read_limits
from wallets.transactions.policy import PolicyRefusal, check_policy
from wallets.transactions.signing import check_permission, read_standing

pytestmark = [pytest.mark.django_db, pytest.mark.db]

STRANGER = "0x1111111111111111111111111111111111111111"
PERMIT = "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)"
DAI_PERMIT = "permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)"
BY_SIGNATURE = (
    "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,"
    "uint8,bytes32,bytes32)"
)
WORD = b"\x01" * 32
# Every other way a contract is known to be given power over tokens.
POWERS: dict[str, tuple[Any, ...]] = {
    "increaseAllowance(address,uint256)": (STRANGER, 5),
    "increaseApproval(address,uint256)": (STRANGER, 5),
    "decreaseAllowance(address,uint256)": (STRANGER, 5),
    "approveAndCall(address,uint256,bytes)": (STRANGER, 5, b""),
    "setApprovalForAll(address,bool)": (STRANGER, True),
    "authorizeOperator(address)": (STRANGER,),
    PERMIT: (STRANGER, STRANGER, 5, 2**40, 27, WORD, WORD),
    DAI_PERMIT: (STRANGER, STRANGER, 5, 2**40, True, 27, WORD, WORD),
    "approve(address,address,uint160,uint48)": (STRANGER, STRANGER, 5, 2**40),
    "transferFrom(address,address,uint256)": (STRANGER, STRANGER, 5),
    BY_SIGNATURE: (STRANGER, STRANGER, 5, 0, 2**40, WORD, 27, WORD, WORD),
}


def calldata(signature: str, *arguments: Any) -> bytes:
    types = [type_name(one) for one in argument_types(signature)]
    return function_signature_to_4byte_selector(signature) + CODEC.encode(types, arguments)


@pytest.fixture
def approve(alice: Operator) -> Any:
    """An allowance of 5 USDC for the router, as planned."""
    params = {"token": alice.token("USDC"), "spender": alice.deployed.router.address}
    return planned(alice, "approve", amount=5 * USDC, **params)[0]


@pytest.fixture
def revocation(alice: Operator) -> Transaction:
    """What takes back the allowance of 5 USDC that Alice gave the router."""
    spender = alice.deployed.router.address
    return revoke_allowance(allowance=found(alice, spender), origin="test", actor="test")


def found(operator: Operator, spender: str, symbol: str = "USDC") -> Allowance:
    """An allowance of the operator as a check finds it."""
    token = Token.objects.get(network=operator.network, symbol=symbol)
    wallet = Wallet.objects.get(address=operator.address)
    of = AllowanceOf(wallet, token, spender)  # type: ignore[arg-type]
    return record_allowance(Reading(of, 1, 5 * USDC))


@pytest.mark.parametrize("signature", POWERS)
def test_other_ways_to_give_power_are_refused_unless_ruled(
    alice: Operator, approve: Any, signature: str
) -> None:
    call = replace(approve, data=calldata(signature, *POWERS[signature]))
    row = queue(alice, "approve", call)
    with pytest.raises(PolicyRefusal, match=f"no rule allows evm to call {row.selector}"):
        check_policy(row)
    why = "the tests know what they do"
    places = range(len(argument_types(signature)))
    checks = [{"check": "unchecked", "path": [place], "reason": why} for place in places]
    if "bytes)" in signature:
        checks[-1] = {"check": "constant", "path": [places[-1]], "value": "0x"}
    named = {"selector": row.selector, "signature": signature, "arguments": checks}
    rule = {"network": row.network, "address": row.to, "protocol": "evm", **named}
    factories.PolicyRuleFactory.create(code_hash="0x" + "11" * 32, **rule)
    assert check_policy(row)


def test_a_revocation_is_permitted_whatever_was_disabled_since(
    alice: Operator, revocation: Transaction
) -> None:
    evm = Protocol.objects.get(slug="evm")
    disable_deployment(deployment=evm.deployments.get(role="uniswap_v2_router"), reason="a bug")
    disable_token(token=Token.objects.get(symbol="USDC"), reason="it lost its peg")
    evm.networks.clear()
    Protocol.objects.update(enabled=False)
    Allowance.objects.update(spender=STRANGER)
    standing = read_standing([revocation], read_limits(revocation.lane))
    permit = check_permission(revocation, Attempt.Kind.ORIGINAL, standing)
    rule = PolicyRule.objects.filter(address=revocation.to).first()
    assert rule is not None
    assert (permit.code_hash, permit.spends) == (rule.code_hash, ())


def test_a_spender_nobody_knows_is_not_called_for(alice: Operator) -> None:
    row = revoke_allowance(allowance=found(alice, STRANGER), origin="test", actor="test")
    assert check_policy(row)
    Allowance.objects.update(spender=alice.deployed.router.address)
    with pytest.raises(PolicyRefusal, match=f"{STRANGER} was never registered for allowances"):
        check_policy(row)


def test_a_token_nobody_registered_is_not_called(revocation: Transaction) -> None:
    PolicyRule.objects.filter(address=revocation.to).update(code_hash="")
    with pytest.raises(PolicyRefusal, match="is no token registered on Devnet L2"):
        check_policy(revocation)


def test_an_nft_is_not_taken_for_a_token(revocation: Transaction) -> None:
    # approve(address,uint256) of an NFT gives away the one of that number, 0 among them.
    unchecked = [{"check": "unchecked", "path": [place], "reason": "an NFT"} for place in (0, 1)]
    PolicyRule.objects.filter(address=revocation.to).update(arguments=unchecked)
    with pytest.raises(PolicyRefusal, match="is no token registered"):
        check_policy(revocation)


@pytest.mark.parametrize("change", ["amount", "value", "longer"])
def test_only_taking_back_is_judged_as_such(revocation: Transaction, change: str) -> None:
    disable_token(token=Token.objects.get(symbol="USDC"), reason="a bug")
    data = bytes(revocation.data)
    match change:
        case "amount":
            revocation.data = data[:-1] + b"\x01"
        case "value":
            revocation.value = 1
        case "longer":
            revocation.data = data + bytes(32)
    with pytest.raises(PolicyRefusal, match="is off: a bug"):
        check_policy(revocation)


def test_another_action_does_not_pass_for_a_revocation(revocation: Transaction) -> None:
    disable_token(token=Token.objects.get(symbol="USDC"), reason="a bug")
    revocation.action = "swap"
    with pytest.raises(PolicyRefusal, match="is off: a bug"):
        check_policy(revocation)


@pytest.fixture
def inner(alice: Operator) -> Transaction:
    """What takes back 5 USDC that Permit2 keeps for the router."""
    factories.PolicyRuleFactory.create(
        network=alice.network, address=PERMIT2, selector="allowance", code_hash="0x" + "22" * 32
    )
    token = Token.objects.get(network=alice.network, symbol="USDC")
    wallet = Wallet.objects.get(address=alice.address)
    spender = parse_address(alice.deployed.router.address)
    of = AllowanceOf(wallet, token, spender, PERMIT2)
    row = record_allowance(Reading(of, 1, 5 * USDC))
    return revoke_allowance(allowance=row, origin="test", actor="test")


def test_what_permit2_keeps_is_taken_back_at_permit2(inner: Transaction) -> None:
    permit = check_policy(inner)
    row = Allowance.objects.get()
    sent = calldata(APPROVE_THROUGH, row.token.address, row.spender, 0, 0)
    assert (inner.to, bytes(inner.data)) == (PERMIT2, sent)
    assert (permit.code_hash, permit.spends) == ("0x" + "22" * 32, ())


@pytest.mark.parametrize("change", ["amount", "contract", "code", "spender"])
def test_permit2_is_only_called_to_take_back(inner: Transaction, change: str) -> None:
    row = Allowance.objects.get()
    match change:
        case "amount":
            inner.data = calldata(APPROVE_THROUGH, row.token.address, row.spender, 1, 0)
        case "contract":
            inner.to = STRANGER
        case "code":
            PolicyRule.objects.filter(address=PERMIT2).update(code_hash="")
        case "spender":
            inner.data = calldata(APPROVE_THROUGH, row.token.address, STRANGER, 0, 0)
    with pytest.raises(PolicyRefusal):
        check_policy(inner)


def test_what_the_token_keeps_vouches_for_nothing_at_permit2(inner: Transaction) -> None:
    PolicyRule.objects.filter(selector="allowance").exclude(address=PERMIT2).delete()
    assert check_policy(inner)
    Allowance.objects.update(through="")
    with pytest.raises(PolicyRefusal, match="was never registered for allowances"):
        check_policy(inner)
