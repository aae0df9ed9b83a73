"""Vaults: shares for assets and back, within what the vault takes and what it may cost."""

from random import Random
from typing import Any

import pytest

from protocols.actions import PlanError
from protocols.evm.adapter import health
from protocols.evm.positions import positions
from protocols.evm.vaults import ABI, DEPOSIT, REDEEM
from protocols.params import read_params
from protocols.registry import get_action
from tests.author import Author
from tests.protocols.evm.conftest import register
from tests.protocols.operators import USDC, Balances, Operator, booked, change
from tests.solidity import compiled
from tests.viem import MODULES, encode_all, wanted
from tests.wallets.planned import planned, queue, with_arguments
from wallets.transactions.demands import Spend
from wallets.transactions.policy import PolicyRefusal, check_policy

pytestmark = pytest.mark.django_db

OFFICIAL = MODULES / "@openzeppelin/contracts/build/contracts/IERC4626.json"
STRANGER = "0x1111111111111111111111111111111111111111"
SET = "set(uint256,uint256)"


@pytest.fixture
def author(alice: Operator) -> Author:
    """Whoever made the vault."""
    return Author(alice.rpc, alice.deployed.treasury)


@pytest.fixture
def vault(alice: Operator, author: Author) -> str:
    """A registered vault for USDC, where a share is worth more than it was."""
    usdc = alice.token("USDC")
    address = author.deploy(compiled("tests/solidity/Vault.sol", "Vault"), usdc)
    author.call(usdc, "approve(address,uint256)", address, 1_000 * USDC)
    author.call(address, "deposit(uint256,address)", 1_000 * USDC, author.address)
    author.call(usdc, "transfer(address,uint256)", address, 50 * USDC)
    register(alice.network, "erc4626-usdc", address, "erc4626")
    return address


@pytest.fixture
def holder(alice: Operator, vault: str) -> Operator:
    """A wallet with shares for 1,000 USDC."""
    alice.perform("vault-deposit", vault=vault, amount=1_000 * USDC)
    return alice


def balances(operator: Operator, vault: str) -> Balances:
    """With the shares."""
    held = operator.view(vault, "balanceOf(address)", operator.address)
    return {**operator.balances(), vault: held}


def refused(operator: Operator, action: str, **params: Any) -> str:
    """Why there is no plan."""
    with pytest.raises(PlanError) as refusal:
        operator.plan(action, **params)
    return str(refusal.value)


def test_assets_go_in_and_come_out_as_the_chain_did_it(alice: Operator, vault: str) -> None:
    before = balances(alice, vault)
    done = alice.perform("vault-deposit", vault=vault, amount=1_000 * USDC)
    assert booked(done) == change(before, balances(alice, vault))
    middle = balances(alice, vault)
    done = alice.perform("vault-redeem", vault=vault, shares="all")
    gained = booked(done)
    assert gained == change(middle, balances(alice, vault))
    assert gained[vault] == -middle[vault]
    assert gained[alice.token("USDC")] == pytest.approx(1_000 * USDC, abs=2)


def test_a_part_of_the_shares_can_be_redeemed(holder: Operator, vault: str) -> None:
    before = balances(holder, vault)
    done = holder.perform("vault-redeem", vault=vault, shares=10 * USDC)
    assert booked(done) == change(before, balances(holder, vault))


def test_what_the_vault_does_not_take_or_give_now_is_refused(
    holder: Operator, vault: str, author: Author
) -> None:
    author.call(vault, SET, 5, 0)
    assert "takes at most 5 base units" in refused(holder, "vault-deposit", vault=vault, amount=6)
    assert "gives for at most 5" in refused(holder, "vault-redeem", vault=vault, shares=6)


def test_what_costs_more_than_the_slippage_is_refused(
    alice: Operator, vault: str, author: Author
) -> None:
    author.call(vault, SET, 10**30, 60)
    asked: dict[str, Any] = {"vault": vault, "amount": 1_000 * USDC}
    assert "at least 995000000 is asked for" in refused(alice, "vault-deposit", **asked)
    assert alice.plan("vault-deposit", **asked, slippage_bps=61)


def test_a_deposit_that_would_bring_no_share_is_refused(alice: Operator, vault: str) -> None:
    assert "worth 0 for 1" in refused(
        alice, "vault-deposit", vault=vault, amount=1, slippage_bps=5000
    )


def test_what_cannot_be_is_said_in_one_sentence(alice: Operator, vault: str) -> None:
    assert "is no enabled vault" in refused(alice, "vault-deposit", vault=STRANGER, amount=1)
    assert "has 0 shares" in refused(alice, "vault-redeem", vault=vault, shares="all")
    told = refused(alice, "vault-deposit", vault=vault, amount=10_001 * USDC)
    assert "10000000000 base units" in told
    assert "above zero" in refused(alice, "vault-redeem", vault=vault, shares=0)


def test_shares_are_a_position(holder: Operator, vault: str) -> None:
    (found,) = positions(holder.context())
    assert (found.kind, found.token) == ("vault", holder.token("USDC"))
    assert found.amount == pytest.approx(1_000 * USDC, abs=2)
    assert found.exit
    assert holder.plan(found.exit.action, **found.exit.params).steps


def test_the_calldata_is_what_viem_encodes(holder: Operator, vault: str) -> None:
    me, random = holder.address, Random(4626)
    amounts = [random.randint(10, 900 * USDC) for _ in range(20)]
    ours = [planned(holder, "vault-deposit", vault=vault, amount=str(one))[-1] for one in amounts]
    ours += [planned(holder, "vault-redeem", vault=vault, shares=str(one))[-1] for one in amounts]
    asked = [wanted(OFFICIAL, "deposit", one, me) for one in amounts]
    asked += [wanted(OFFICIAL, "redeem", one, me, me) for one in amounts]
    theirs = encode_all(asked)
    assert [call.data for call in ours] == theirs
    decoded = ABI.decode_call(theirs[-1])
    assert decoded is not None
    assert list(decoded.arguments.values()) == [amounts[-1], me, me]


def test_the_same_question_gives_the_same_plan(holder: Operator, vault: str) -> None:
    action = get_action("evm", "vault-deposit")
    params = read_params(action.Params, {"vault": vault, "amount": 7 * USDC})
    context = holder.context()
    assert action.plan(context, params) == action.plan(context, params)


def test_what_a_vault_takes_is_counted_against_the_days_limits_of_its_asset(
    alice: Operator, vault: str
) -> None:
    allow, deposit = planned(alice, "vault-deposit", vault=vault, amount=str(7 * USDC))
    counted = Spend(alice.token("USDC"), 7 * USDC, leaves=True)
    assert check_policy(queue(alice, "vault-deposit", allow)).spends == (counted,)
    # The deposit does not say what it takes, so it is counted once only.
    spends = check_policy(queue(alice, "vault-deposit", deposit)).spends
    assert alice.token("USDC") not in {one.token for one in spends}


def test_what_is_planned_is_signed_and_goes_to_nobody_else(holder: Operator, vault: str) -> None:
    calls = planned(holder, "vault-deposit", vault=vault, amount=str(USDC))
    calls += planned(holder, "vault-redeem", vault=vault, shares="all")
    assert all(check_policy(queue(holder, "vault-deposit", call)) for call in calls)
    forged = [
        with_arguments(calls[1], DEPOSIT, receiver=STRANGER),
        with_arguments(calls[2], REDEEM, receiver=STRANGER),
        with_arguments(calls[2], REDEEM, owner=STRANGER),
    ]
    for call in forged:
        with pytest.raises(PolicyRefusal, match="is not the sending wallet"):
            check_policy(queue(holder, "vault-redeem", call))


def test_a_closed_vault_is_told(holder: Operator, vault: str, author: Author) -> None:
    assert list(health(holder.context())) == []
    author.call(vault, SET, 0, 0)
    assert list(health(holder.context())) == [f"the vault {vault} takes no deposits now"]
