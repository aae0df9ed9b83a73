"""Transfers go to own wallets only, allowances are exact, and the books are what the chain did."""

import pytest

from protocols.actions import PlanError
from tests.protocols.operators import ETHER, USDC, Operator, booked, change
from wallets.models import Wallet

pytestmark = pytest.mark.django_db

STRANGER = "0x1111111111111111111111111111111111111111"
# Answers 1,000 to every question, and false to transfer(address,uint256).
TOKEN_THAT_SAYS_NO = "0x60003560e01c63a9059cbb14156103e80260005260206000f3"


def spendable(operator: Operator, spender: str) -> int:
    """The spender's allowance of USDC, asked by plain JSON-RPC."""
    signature = "allowance(address,address)"
    return operator.view(operator.token("USDC"), signature, operator.address, spender)


def test_a_native_transfer_is_booked_as_the_chain_did_it(alice: Operator, bob: Operator) -> None:
    before, other = alice.balances(), bob.balances()
    done = alice.perform("transfer", to=bob.address, amount=ETHER)
    assert booked(done) == change(before, alice.balances()) == {"": -ETHER}
    assert change(other, bob.balances()) == {"": ETHER}
    assert done[0].movements[0].counterparty == bob.address


def test_a_token_transfer_is_booked_as_the_chain_did_it(alice: Operator, bob: Operator) -> None:
    before = alice.balances()
    token = alice.token("USDC")
    done = alice.perform("transfer-token", token=token, to=bob.address, amount=7 * USDC)
    assert booked(done) == change(before, alice.balances()) == {token: -7 * USDC}


@pytest.mark.parametrize("action", ["transfer", "transfer-token"])
def test_a_recipient_that_is_not_ours_is_refused(alice: Operator, action: str) -> None:
    token = {"token": alice.token("USDC")} if action == "transfer-token" else {}
    with pytest.raises(PlanError, match="not a wallet of this installation"):
        alice.plan(action, to=STRANGER, amount=1, **token)
    with pytest.raises(PlanError, match="to itself"):
        alice.plan(action, to=alice.address, amount=1, **token)


def test_a_retired_wallet_receives_nothing(alice: Operator, bob: Operator) -> None:
    Wallet.objects.filter(address=bob.address).update(status="retired")
    with pytest.raises(PlanError, match="not a wallet of this installation"):
        alice.plan("transfer", to=bob.address, amount=1)


def test_more_than_the_wallet_has_is_refused(alice: Operator, bob: Operator) -> None:
    with pytest.raises(PlanError, match="has 10000000000000000000 wei"):
        alice.plan("transfer", to=bob.address, amount=10 * ETHER + 1)
    token = alice.token("USDC")
    with pytest.raises(PlanError, match="10000000000 base units"):
        alice.plan("transfer-token", token=token, to=bob.address, amount=10_000 * USDC + 1)


def test_an_allowance_is_exact_and_moves_nothing(alice: Operator) -> None:
    router, before = alice.deployed.router.address, alice.balances()
    done = alice.perform("approve", token=alice.token("USDC"), spender=router, amount=5)
    assert spendable(alice, router) == 5
    assert booked(done) == change(before, alice.balances()) == {}


def test_an_allowance_that_stands_is_revoked_before_another(alice: Operator) -> None:
    router = alice.deployed.router.address
    change_to = {"token": alice.token("USDC"), "spender": router}
    alice.perform("approve", **change_to, amount=5)
    assert [step.label for step in alice.plan("approve", **change_to, amount=9).steps] == [
        "revoke the allowance",
        "allow 9",
    ]
    alice.perform("approve", **change_to, amount=9)
    assert spendable(alice, router) == 9


def test_zero_revokes_in_one_step(alice: Operator) -> None:
    change_to = {"token": alice.token("USDC"), "spender": alice.deployed.router.address}
    alice.perform("approve", **change_to, amount=5)
    assert len(alice.plan("approve", **change_to, amount=0).steps) == 1
    alice.perform("approve", **change_to, amount=0)
    with pytest.raises(PlanError, match=r"is allowed 0 of .* already"):
        alice.plan("approve", **change_to, amount=0)


def test_only_registered_contracts_become_spenders(alice: Operator) -> None:
    with pytest.raises(PlanError, match="no enabled deployment on chain 31338"):
        alice.plan("approve", token=alice.token("USDC"), spender=STRANGER, amount=5)


def test_an_allowance_without_an_end_is_refused(alice: Operator) -> None:
    router = alice.deployed.router.address
    with pytest.raises(PlanError, match="more than all"):
        alice.plan("approve", token=alice.token("USDC"), spender=router, amount=2**256 - 1)


def test_an_address_without_a_token_is_refused(alice: Operator, bob: Operator) -> None:
    with pytest.raises(PlanError, match="does not answer balanceOf as erc20 should"):
        alice.plan("transfer-token", token=STRANGER, to=bob.address, amount=1)


def test_a_token_that_would_say_no_without_a_revert_is_refused(
    alice: Operator, bob: Operator
) -> None:
    alice.rpc.call("anvil_setCode", STRANGER, TOKEN_THAT_SAYS_NO)
    with pytest.raises(PlanError, match="says that it would not be sent"):
        alice.plan("transfer-token", token=STRANGER, to=bob.address, amount=7)
