"""Bytes inside arguments are values with checks of their own, or somebody answers for them."""

from typing import Any

import pytest

from tests import factories
from tests.wallets.test_policy_checks import encoded, make_rule, own, refusal
from wallets.addresses import ZERO_ADDRESS
from wallets.chain.codec import CODEC
from wallets.models import PolicyRule, Transaction
from wallets.transactions.arguments import CHECKS, gaps
from wallets.transactions.expectations import Expectations
from wallets.transactions.policy import check_policy

pytestmark = [pytest.mark.django_db, pytest.mark.db]

HOOK = "run(bytes)"
PAID = {
    "check": "encoded",
    "path": [0],
    "types": ["address", "uint256"],
    "checks": [{"check": "sender", "path": [0]}, {"check": "amount", "path": [1]}],
}
STRANGER = "0x1111111111111111111111111111111111111111"


@pytest.fixture
def row() -> Transaction:
    """A call that no rule allows yet."""
    return factories.TransactionFactory.create(value=0)


def hook(*values: Any, prefix: bytes = b"") -> bytes:
    """Calldata whose one argument is the encoded values."""
    return encoded(HOOK, prefix + CODEC.encode(("address", "uint256"), values))


def test_values_inside_bytes_are_checked_and_counted(row: Transaction) -> None:
    make_rule(row, HOOK, PAID)
    row.data = hook(own(row), 5)
    assert [spend.amount for spend in check_policy(row).spends] == [5]
    assert f"{STRANGER} is not the sending wallet" in refusal(row, hook(STRANGER, 5))


@pytest.mark.parametrize("junk", [b"", b"\x00" * 31, b"\x00" * 96])
def test_bytes_that_are_not_exactly_the_values_are_refused(row: Transaction, junk: bytes) -> None:
    make_rule(row, HOOK, PAID)
    assert "the bytes are not exactly (address,uint256)" in refusal(row, encoded(HOOK, junk))


def test_what_stands_before_the_values_is_demanded(row: Transaction) -> None:
    make_rule(row, HOOK, {**PAID, "prefix": "01"})
    row.data = hook(own(row), 5, prefix=b"\x01")
    assert check_policy(row)
    assert "are not exactly" in refusal(row, hook(own(row), 5))


def test_a_value_inside_without_a_check_is_a_gap() -> None:
    (check,) = CHECKS.validate_python([{**PAID, "checks": PAID["checks"][:1]}])
    assert gaps(HOOK, [check]) == ["in argument 0, argument 1 has no check"]


def test_bytes_may_be_vouched_for_with_a_reason_only() -> None:
    vouched = {"check": "vouched", "path": [0], "reason": "the contract proves them"}
    assert gaps(HOOK, CHECKS.validate_python([vouched])) == []
    assert gaps("f(uint8)", CHECKS.validate_python([vouched]))
    with pytest.raises(ValueError, match="at least 10 characters"):
        CHECKS.validate_python([{**vouched, "reason": "because"}])


def test_an_array_that_must_be_empty_takes_nothing(row: Transaction) -> None:
    signature = "deploy(bytes[])"
    make_rule(row, signature, {"check": "empty", "path": [0]})
    row.data = encoded(signature, [])
    assert check_policy(row)
    assert "it must be empty, not of 1" in refusal(row, encoded(signature, [b"\x01"]))


def test_only_a_contract_that_may_be_named_is_named(row: Transaction) -> None:
    signature = "use(address)"
    make_rule(row, signature, {"check": "registered", "path": [0]})
    row.data = encoded(signature, STRANGER)
    assert "is no enabled deployment of" in refusal(row, row.data)
    named = {"network": row.network, "protocol": row.protocol, "address": STRANGER}
    factories.PolicyRuleFactory.create(**named, selector=PolicyRule.NAMED, signature="named")
    row.data = encoded(signature, STRANGER)
    assert check_policy(row)


def test_the_least_to_use_is_near_what_is_given(row: Transaction) -> None:
    signature = "add(uint256,uint256)"
    least = {"check": "least_of", "path": [1], "of": [0], "most_slippage_bps": 100}
    make_rule(row, signature, {"check": "amount", "path": [0]}, least)
    row.data = encoded(signature, 1000, 990)
    assert check_policy(row)
    assert "of 1000 at least 990 is to be used" in refusal(row, encoded(signature, 1000, 989))


def test_the_least_to_use_of_the_coin_sent_is_near_all_of_it(row: Transaction) -> None:
    signature = "add(uint256)"
    least = {"check": "least_of", "path": [0], "of": "value", "most_slippage_bps": 100}
    make_rule(row, signature, least, payable=True)
    row.value = 1000
    row.data = encoded(signature, 990)
    assert check_policy(row)
    assert "of 1000 at least 990 is to be used" in refusal(row, encoded(signature, 989))


def test_each_of_several_quotes_is_held_to(row: Transaction) -> None:
    signature = "take(uint256,uint256)"
    checks = [
        {"check": "minimum_out", "path": [n], "most_slippage_bps": 100, "place": n} for n in (0, 1)
    ]
    make_rule(row, signature, *checks)
    promised = Expectations(quoted_outs=(1000, 50), slippage_bps=100)
    row.expectations = promised.as_json()
    row.data = encoded(signature, 990, 50)
    assert check_policy(row)
    told = refusal(row, encoded(signature, 990, 49))
    assert told.endswith("argument 1: at least 50 was promised, 49 would be accepted")
    row.expectations = Expectations(quoted_outs=(1000,), slippage_bps=100).as_json()
    assert "no quote is recorded" in refusal(row, encoded(signature, 990, 50))


def test_a_number_may_belong_to_the_network_of_the_call(row: Transaction) -> None:
    signature = "bridge(uint256)"
    here = row.network.chain_id
    make_rule(row, signature, {"check": "constant_here", "path": [0], "values": [[here, 324]]})
    row.data = encoded(signature, 324)
    assert check_policy(row)
    assert f"it must be 324 on {row.network.name}, not 300" in refusal(row, encoded(signature, 300))


def test_a_network_without_its_number_is_refused(row: Transaction) -> None:
    signature = "bridge(uint256)"
    make_rule(row, signature, {"check": "constant_here", "path": [0], "values": [[1, 324]]})
    told = refusal(row, encoded(signature, 324))
    assert f"what it must be on {row.network.name} is not known" in told


def test_packed_bytes_must_have_the_sender_at_their_place(row: Transaction) -> None:
    forms = [["6c0960f9", 4], ["9c884fd1", 24]]
    make_rule(row, HOOK, {"check": "sender_inside", "path": [0], "forms": forms})
    sender = bytes.fromhex(own(row)[2:])
    for packed in ("6c0960f9" + sender.hex() + "00" * 32, "9c884fd1" + "11" * 20 + sender.hex()):
        row.data = encoded(HOOK, bytes.fromhex(packed))
        assert check_policy(row)
    stranger = bytes.fromhex("6c0960f9" + STRANGER[2:] + sender.hex())
    assert f"{STRANGER} is not the sending wallet" in refusal(row, encoded(HOOK, stranger))
    assert "begins no form" in refusal(row, encoded(HOOK, sender))


SWAP = "swap((address,uint256)[])"
PAYS: list[dict[str, Any]] = [
    {"check": "single", "path": [0]},
    {"check": "registered_token", "path": [0, "*", 0], "native": True},
    {"check": "paid_in", "path": [0, "*", 1], "token": [0, "*", 0]},
]


def test_what_is_paid_in_of_the_native_coin_is_the_value_of_the_call(row: Transaction) -> None:
    make_rule(row, SWAP, *PAYS, payable=True)
    row.data, row.value = encoded(SWAP, [(ZERO_ADDRESS, 5)]), 5
    assert [(one.token, one.amount) for one in check_policy(row).spends] == [("", 5)]
    row.value = 6
    assert "6 wei go with the call, 5 should" in refusal(row, row.data)


def test_no_native_coin_goes_with_a_token_that_is_paid_in(row: Transaction) -> None:
    token = factories.TokenFactory.create(network=row.network, enabled=True)
    make_rule(row, SWAP, *PAYS, payable=True)
    row.data = encoded(SWAP, [(token.address, 5)])
    assert [(one.token, one.amount) for one in check_policy(row).spends] == [(token.address, 5)]
    row.value = 1
    assert "1 wei go with the call, 0 should" in refusal(row, row.data)


def test_an_array_of_one_takes_neither_none_nor_two(row: Transaction) -> None:
    make_rule(row, SWAP, *PAYS, payable=True)
    two = encoded(SWAP, [(ZERO_ADDRESS, 0), (ZERO_ADDRESS, 0)])
    assert "it must have one element" in refusal(row, two)
    assert "there is nothing at argument" in refusal(row, encoded(SWAP, []))


def test_the_native_coin_is_a_token_only_where_the_rule_says_so(row: Transaction) -> None:
    make_rule(row, "use(address)", {"check": "registered_token", "path": [0]})
    assert "is no enabled token" in refusal(row, encoded("use(address)", ZERO_ADDRESS))


def test_a_number_is_one_of_a_few_or_up_to_one(row: Transaction) -> None:
    signature = "pick(uint8,uint256)"
    modes = {"check": "one_of", "path": [0], "values": ["1", "2"]}
    make_rule(row, signature, modes, {"check": "at_most", "path": [1], "most": 9})
    row.data = encoded(signature, 2, 9)
    assert check_policy(row)
    assert "it must be one of 1, 2, not 0" in refusal(row, encoded(signature, 0, 9))
    assert "10 is above 9" in refusal(row, encoded(signature, 1, 10))


def test_native_coin_goes_only_to_what_takes_no_tokens(row: Transaction) -> None:
    signature = "supply(address,uint256)"
    paid = {"check": "paid_to", "path": [0], "amount": [1]}
    free = {"check": "unchecked", "path": [1], "reason": "it does not matter here"}
    make_rule(row, signature, paid, free, payable=True)
    row.data, row.value = encoded(signature, STRANGER, 5), 5
    assert check_policy(row)
    takes = {"network": row.network, "protocol": row.protocol, "address": STRANGER}
    factories.PolicyRuleFactory.create(**takes, selector=PolicyRule.ALLOWANCE, signature="allowed")
    assert "5 wei go with the call, 0 should" in refusal(row, row.data)


def test_an_allowance_that_another_contract_keeps_counts_for_its_token(row: Transaction) -> None:
    signature = "approve(address,uint160)"
    token = {"check": "unchecked", "path": [0], "reason": "any token will do"}
    make_rule(row, signature, token, {"check": "allowance_amount", "path": [1], "token": [0]})
    row.expectations = Expectations(allowance=5).as_json()
    row.data = encoded(signature, STRANGER, 5)
    assert [(one.token, one.leaves) for one in check_policy(row).spends] == [(STRANGER, False)]
    assert "5 is needed, 6 would be allowed" in refusal(row, encoded(signature, STRANGER, 6))
