"""What a router keeps is handed on to the wallet, and no coin stays there."""

import pytest

from tests import factories
from tests.wallets.test_policy_checks import WHY, encoded, make_rule, own, refusal
from wallets.models import PolicyRule, Transaction
from wallets.transactions.multicalls import UNWRAPPING
from wallets.transactions.policy import check_policy

pytestmark = [pytest.mark.django_db, pytest.mark.db]

MULTICALL = "multicall(bytes[])"
SWAP = "swap(bytes,address,uint256)"
HAND_ON = "handOn(address)"
REFUND = "refund()"
HELD = "0x0000000000000000000000000000000000000002"
STRANGER = "0x1111111111111111111111111111111111111111"
FEE = (500).to_bytes(3)


@pytest.fixture
def row() -> Transaction:
    """A multicall of a router that may swap, hand on and refund."""
    row = factories.TransactionFactory.create(value=0)
    returned = {"check": "when_paid", "path": [0, -1], "value": f"0x{encoded(REFUND).hex()}"}
    make_rule(row, MULTICALL, {"check": "inner_call", "path": [0, "*"]}, returned, payable=True)
    handed = {"held": HELD, "brings": [0], "within": MULTICALL, "this": SWAP, "then": HAND_ON}
    make_rule(
        row,
        SWAP,
        {"check": "pool_path", "path": [0]},
        {"check": "handed_on", "path": [1], **handed},
        {"check": "amount", "path": [2], "token": [0]},
    )
    make_rule(row, HAND_ON, {"check": "sender", "path": [0]})
    make_rule(row, REFUND)
    return row


def a_token(row: Transaction, *, enabled: bool = True) -> str:
    """A token of the network."""
    return factories.TokenFactory.create(network=row.network, enabled=enabled).address


def packed(*tokens: str) -> bytes:
    """A way through pools."""
    return FEE.join(bytes.fromhex(token[2:]) for token in tokens)


def swap(row: Transaction, to: str, *tokens: str, amount: int = 5) -> bytes:
    """A swap of the tokens, the row's own two by default."""
    return encoded(SWAP, packed(*(tokens or (a_token(row), a_token(row)))), to, amount)


def alone(call: bytes) -> bytes:
    """A multicall of nothing else."""
    return encoded(MULTICALL, [call])


def test_the_amount_is_counted_for_the_first_token_of_the_path(row: Transaction) -> None:
    first, last = a_token(row), a_token(row)
    row.data = alone(swap(row, own(row), first, last, amount=7))
    assert [(one.token, one.amount) for one in check_policy(row).spends] == [(first, 7)]


def test_a_path_leads_through_enabled_tokens_only(row: Transaction) -> None:
    off = a_token(row, enabled=False)
    data = alone(swap(row, own(row), a_token(row), off))
    assert f"{off} is no enabled token" in refusal(row, data)


@pytest.mark.parametrize("junk", [b"", b"\x00" * 20, b"\x00" * 44, b"\x00" * 112])
def test_bytes_that_are_no_path_are_refused(row: Transaction, junk: bytes) -> None:
    assert "bytes are no way through" in refusal(row, alone(encoded(SWAP, junk, own(row), 1)))


def a_coin(row: Transaction) -> str:
    """Wrapped coin of the network."""
    token = a_token(row)
    make_rule(row, UNWRAPPING, {"check": "unchecked", "path": [0], "reason": WHY}, address=token)
    return token


def test_what_the_router_keeps_is_handed_on_beside_it(row: Transaction) -> None:
    kept = swap(row, HELD, a_token(row), a_coin(row))
    row.data = encoded(MULTICALL, [kept, encoded(HAND_ON, own(row))])
    assert check_policy(row)
    told = refusal(row, encoded(MULTICALL, [kept, encoded(HAND_ON, STRANGER)]))
    assert f"{STRANGER} is not the sending wallet" in told


def test_what_nobody_hands_on_is_refused(row: Transaction) -> None:
    kept, other = (swap(row, HELD, a_token(row), a_coin(row)) for _ in range(2))
    handed = encoded(HAND_ON, own(row))
    calls = ([kept], [kept, encoded(REFUND)], [kept, kept, handed], [handed, kept])
    for inside in calls:
        told = refusal(row, encoded(MULTICALL, list(inside)))
        assert "what it brings is not handed on" in told
    token = encoded(MULTICALL, [swap(row, HELD), handed])
    assert "what it brings is not handed on" in refusal(row, token)
    hidden = encoded(MULTICALL, [encoded(MULTICALL, [kept, other]), handed])
    assert "what it brings is not handed on" in refusal(row, hidden)
    assert "is not the sending wallet" in refusal(row, alone(swap(row, STRANGER)))


def test_what_has_no_deadline_of_its_own_is_called_inside_only(row: Transaction) -> None:
    for receiver in (own(row), HELD):
        assert f"it is called outside {MULTICALL}" in refusal(row, swap(row, receiver))


def test_coin_that_goes_with_it_comes_back_where_it_is_not_used(row: Transaction) -> None:
    row.value = 3
    row.data = encoded(MULTICALL, [swap(row, own(row)), encoded(REFUND)])
    assert check_policy(row)
    assert "native coin goes with it" in refusal(row, encoded(MULTICALL, [swap(row, own(row))]))
    assert "there is nothing at argument" in refusal(row, encoded(MULTICALL, []))


def test_a_rule_of_a_switched_off_function_refuses_inside_too(row: Transaction) -> None:
    PolicyRule.objects.filter(signature=HAND_ON).update(enabled=False, disabled_reason="paused")
    kept = swap(row, HELD, a_token(row), a_coin(row))
    data = encoded(MULTICALL, [kept, encoded(HAND_ON, own(row))])
    assert "paused" in refusal(row, data)
