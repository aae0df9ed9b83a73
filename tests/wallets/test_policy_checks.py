"""Rules account for every argument; calls inside calls are read like the call itself."""

import json
from typing import Any

import pytest
from eth_utils.abi import function_signature_to_4byte_selector
from hypothesis import given
from hypothesis import strategies as st

from protocols.registry import adapters
from tests import factories
from wallets.chain.codec import CODEC, argument_types, type_name
from wallets.models import Transaction
from wallets.transactions.arguments import CHECKS, gaps, looks_unlimited
from wallets.transactions.calldata import CalldataError, decode_arguments, pick
from wallets.transactions.policy import PolicyRefusal, check_policy

pytestmark = [pytest.mark.django_db, pytest.mark.db]

MULTICALL = "multicall(bytes[])"
SWEEP = "sweep(address,uint256)"
INNER = {"check": "inner_call", "path": [0, "*"]}
WHY = "it does not matter in the tests"


def encoded(signature: str, *arguments: Any) -> bytes:
    """Calldata of the signature."""
    types = [type_name(kind) for kind in argument_types(signature)]
    return function_signature_to_4byte_selector(signature) + CODEC.encode(types, arguments)


def make_rule(row: Transaction, signature: str, *arguments: dict[str, Any], **fields: Any) -> None:
    """Allow the function at the transaction's contract, with these checks."""
    factories.PolicyRuleFactory.create(
        network=row.network,
        address=fields.pop("address", row.to),
        selector=f"0x{function_signature_to_4byte_selector(signature).hex()}",
        signature=signature,
        arguments=list(arguments),
        code_hash="0x" + "11" * 32,
        **fields,
    )


@pytest.fixture
def row() -> Transaction:
    """A call of a contract that may sweep to the sending wallet, alone or in a multicall."""
    row = factories.TransactionFactory.create(value=0)
    make_rule(row, MULTICALL, INNER)
    amount = {"check": "amount", "path": [1]}
    make_rule(row, SWEEP, {"check": "sender", "path": [0]}, amount)
    return row


def own(row: Transaction) -> str:
    """The address that signs."""
    return row.lane.wallet.address


def refusal(row: Transaction, data: bytes) -> str:
    """Why the calldata is refused."""
    row.data = data
    with pytest.raises(PolicyRefusal) as refused:
        check_policy(row)
    return str(refused.value)


def test_nested_calls_that_are_each_allowed_are_allowed(row: Transaction) -> None:
    row.data = encoded(MULTICALL, [encoded(SWEEP, own(row), amount) for amount in (3, 4)])
    assert [spend.amount for spend in check_policy(row).spends] == [3, 4]


def test_a_nested_call_is_refused_as_it_would_be_alone(row: Transaction) -> None:
    stranger = "0x1111111111111111111111111111111111111111"
    bad = encoded(SWEEP, stranger, 1)
    for inner in ([bad], [encoded(SWEEP, own(row), 1), bad], [encoded(MULTICALL, [bad])]):
        told = refusal(row, encoded(MULTICALL, inner))
        assert told == f"{SWEEP}: argument 0: {stranger} is not the sending wallet {own(row)}"


@pytest.mark.parametrize(
    ("inner", "told"),
    [
        (b"", "an empty call is nested in the calldata"),
        (b"\xde\xad\xbe\xef", "no rule allows evm to call 0xdeadbeef"),
        (b"\xde", "no rule allows evm to call 0xde "),
    ],
)
def test_nested_bytes_without_a_rule_are_refused(row: Transaction, inner: bytes, told: str) -> None:
    assert told in refusal(row, encoded(MULTICALL, [inner]))


def test_an_empty_multicall_and_one_too_deep_are_refused(row: Transaction) -> None:
    assert "there is nothing at argument 0.*" in refusal(row, encoded(MULTICALL, []))
    data = encoded(SWEEP, own(row), 1)
    for _ in range(3):
        data = encoded(MULTICALL, [data])
    assert "calls are nested deeper than 3" in refusal(row, data)


def test_nested_amounts_count_together_against_a_cap(row: Transaction) -> None:
    scope = f"{row.network.slug}:{row.to}"
    factories.LimitFactory.create(scope_kind="token", scope_value=scope, amount=6)
    calls = [encoded(SWEEP, own(row), amount) for amount in (3, 4)]
    assert "7 base units" in refusal(row, encoded(MULTICALL, calls))


def test_a_constant_must_be_exactly_that(row: Transaction) -> None:
    signature = "set(bytes32,uint8,bool)"
    values = ("0x" + "ab" * 32, "7", "True")
    checks = [{"check": "constant", "path": [n], "value": it} for n, it in enumerate(values)]
    make_rule(row, signature, *checks)
    row.data = encoded(signature, b"\xab" * 32, 7, True)
    assert check_policy(row)
    told = refusal(row, encoded(signature, b"\xab" * 32, 8, True))
    assert told.endswith("argument 1: it must be 7, not 8")


def test_a_rule_without_arguments_takes_none(row: Transaction) -> None:
    make_rule(row, "poke()")
    row.data = encoded("poke()")
    assert check_policy(row)
    assert "are not exactly a call of poke()" in refusal(row, encoded("poke()") + b"\x00")


def test_parts_of_tuples_and_arrays_are_checked_where_they_are(row: Transaction) -> None:
    signature = "pay((address,uint256)[],uint8)"
    checks = [
        {"check": "sender", "path": [0, "*", 0]},
        {"check": "amount", "path": [0, "*", 1]},
        {"check": "unchecked", "path": [1], "reason": WHY},
    ]
    make_rule(row, signature, *checks)
    row.data = encoded(signature, [(own(row), 1), (own(row), 2)], 3)
    assert sum(spend.amount for spend in check_policy(row).spends) == 3
    other = factories.WalletFactory.create().address
    told = refusal(row, encoded(signature, [(own(row), 1), (other, 2)], 3))
    assert f"argument 0.*.0: {other} is not the sending wallet" in told


@pytest.mark.parametrize(
    ("signature", "checks", "missing"),
    [
        ("f(address,uint256)", [("sender", [0])], "argument 1 has no check"),
        ("f(address[])", [("sender", [0, 0])], "argument 0.* has no check"),
        ("f((address,uint8))", [("sender", [0, 0])], "argument 0.1 has no check"),
        ("f(bytes)", [("unchecked", [0])], "argument 0 may be another call and is unchecked"),
        ("f((uint8,bytes[]))", [("unchecked", [0])], "argument 0.1.* may be another call"),
        ("f(uint256)", [("sender", [0])], "sender does not fit 0"),
        ("f(int256)", [("amount", [0])], "amount does not fit 0"),
        ("f(uint8)", [("unchecked", [0]), ("unchecked", [1])], "unchecked does not fit 1"),
    ],
)
def test_what_a_rule_leaves_open_is_found(
    signature: str, checks: list[tuple[str, list[Any]]], missing: str
) -> None:
    data = [
        {"check": check, "path": path, **({"reason": WHY} if check == "unchecked" else {})}
        for check, path in checks
    ]
    assert missing in "; ".join(gaps(signature, CHECKS.validate_python(data)))


def test_one_element_may_have_a_check_beside_that_of_all() -> None:
    every = {"check": "registered_token", "path": [0, "*"]}
    first = {"check": "sender", "path": [0, 0]}
    assert gaps("f(address[])", CHECKS.validate_python([every, first])) == []


def test_checks_of_the_adapters_survive_being_kept_as_json() -> None:
    permissions = [
        one
        for adapter in adapters().values()
        for action in adapter.actions.values()
        for one in action.permissions
    ]
    for one in permissions:
        kept = [check.model_dump(mode="json") for check in one.arguments]
        assert CHECKS.validate_json(json.dumps(kept)) == one.arguments


@pytest.mark.parametrize("path", [(3,), (0, 5), (1, 0)])
def test_a_path_that_leads_nowhere_is_refused(path: tuple[int, ...]) -> None:
    with pytest.raises(CalldataError, match=r"parts"):
        pick(((1, 2), 3), path)


@pytest.mark.parametrize("bits", [96, 112, 127, 128, 160, 255, 256])
def test_the_largest_numbers_of_types_look_unlimited(bits: int) -> None:
    assert looks_unlimited(2**bits - 1)
    assert not looks_unlimited(10**30)


@given(data=st.binary(max_size=200))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    selector = function_signature_to_4byte_selector(MULTICALL)
    try:
        values = decode_arguments(MULTICALL, selector + data)
    except CalldataError:
        return
    assert encoded(MULTICALL, *values) == selector + data
