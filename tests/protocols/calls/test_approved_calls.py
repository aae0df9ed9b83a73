"""A call is made only as two persons approved it, to the byte, and only until it ends."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from protocols.actions import Call, PlanError
from protocols.approved_calls import (
    LONGEST,
    Proposal,
    approve_call,
    end_expired_calls,
    propose_call,
    revoke_call,
)
from protocols.call_guard import check_calls
from protocols.models import ApprovedCall, Deployment
from protocols.params import read_params
from protocols.registry import get_action
from protocols.services import disable_deployment
from tests import factories
from tests.market import Market
from tests.protocols.evm.conftest import register
from tests.protocols.operators import ETHER, Operator
from tests.scheduling.conftest import trader as trader
from tests.scheduling.trading import run_of, until_ended
from tests.wallets.planned import planned, queue
from wallets.addresses import parse_address
from wallets.models import Network, PolicyRule, Transaction, Transition, Wallet
from wallets.transactions.demands import Spend
from wallets.transactions.guards import ALLOWED, Answer, ask_all
from wallets.transactions.operator import NotPossible
from wallets.transactions.policy import PolicyRefusal, check_policy
from wallets.transitions import LostRace

pytestmark = [pytest.mark.django_db, pytest.mark.db]
RIGHTS = ("add_approvedcall", "change_approvedcall", "approve_approvedcall")
Propose = Callable[..., ApprovedCall]


def person(name: str, *rights: str) -> User:
    """Somebody with rights over calls, all of them by default."""
    user = User.objects.create_user(name)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights or RIGHTS))
    return user


@pytest.fixture
def ann(db: None) -> User:
    return person("ann")


@pytest.fixture
def ben(db: None) -> User:
    return person("ben")


@pytest.fixture
def weth(registered: Network, market: Market) -> str:
    """Wrapped coin as a contract that may be called once it is approved."""
    address = market.manifest.l2.weth.contract.address
    register(registered, "contract-weth", address, "any_contract", protocol="calls")
    return address


@pytest.fixture
def propose(registered: Network, weth: str, ann: User) -> Propose:
    """Ann proposes to wrap 1 ETH, or something else."""

    def make(**changes: Any) -> ApprovedCall:
        until = timezone.now() + timedelta(hours=1)
        asked: dict[str, Any] = {"function": "deposit()", "arguments": [], "value": ETHER}
        where: dict[str, Any] = {"network": registered, "address": weth, "expires_at": until}
        proposal = Proposal(**{**where, **asked, "note": "wrap", **changes})
        return propose_call(proposal=proposal, person=ann)

    return make


@pytest.fixture
def approved(propose: Propose, ben: User) -> ApprovedCall:
    """The same, approved by ben."""
    return approve_call(call=propose(), person=ben)


def params(call: ApprovedCall, **changes: Any) -> dict[str, Any]:
    """What a task of the action takes."""
    said = {"address": call.address, "function": call.function, "arguments": call.arguments}
    return {**said, "value": str(call.value), **changes}


def queued(operator: Operator, call: ApprovedCall, **changes: Any) -> Transaction:
    """The call as an action plans it, queued."""
    (found,) = planned(operator, "contract-call", protocol="calls", **params(call, **changes))
    return queue(operator, "contract-call", found, protocol="calls")


def verdict(row: Transaction) -> str:
    """What the guard says against it."""
    found = check_calls([row])[row.pk]
    return "" if found is ALLOWED else found.sentence


def rule(call: ApprovedCall) -> PolicyRule:
    """The rule of the call's function."""
    return PolicyRule.objects.get(protocol="calls", address=call.address, signature=call.function)


def test_what_is_approved_is_signed(alice: Operator, approved: ApprovedCall) -> None:
    row = queued(alice, approved)
    assert [(one.token, one.amount) for one in check_policy(row).spends] == [("", ETHER)]
    assert ask_all([row])[row.pk] is ALLOWED


def test_a_tokens_transfer_is_counted_like_any_other(
    alice: Operator, propose: Propose, ben: User
) -> None:
    terms = {
        "function": "transfer(address,uint256)",
        "arguments": [str(parse_address("0x" + "11" * 20)), "7"],
    }
    call = approve_call(call=propose(**terms, value=0), person=ben)
    assert check_policy(queued(alice, call)).spends == (Spend(call.address, 7, leaves=True),)


def test_what_is_only_proposed_is_not(alice: Operator, propose: Propose) -> None:
    row = queued(alice, propose())
    assert "no approved call" in verdict(row)
    with pytest.raises(PolicyRefusal, match="no rule allows calls to call"):
        check_policy(row)


@pytest.mark.parametrize(
    "changes",
    [
        {"value": str(ETHER - 1)},
        {"function": "withdraw(uint256)", "arguments": ["1"], "value": "0"},
    ],
)
def test_another_value_or_other_bytes_are_not(
    alice: Operator, approved: ApprovedCall, changes: dict[str, Any]
) -> None:
    assert "no approved call" in verdict(queued(alice, approved, **changes))


def test_another_action_of_the_protocol_is_not(alice: Operator, approved: ApprovedCall) -> None:
    row = queued(alice, approved)
    row.action = "transfer"
    assert "is no enabled contract" in verdict(row)


def test_the_rule_allows_the_function_to_no_other_protocol(
    alice: Operator, approved: ApprovedCall
) -> None:
    call = Call("x", parse_address(approved.address), bytes(approved.data), ETHER)
    row = queue(alice, "contract-call", call, protocol="claims")
    with pytest.raises(PolicyRefusal, match="no rule allows claims"):
        check_policy(row)


def test_when_its_time_is_over_it_is_over(alice: Operator, approved: ApprovedCall) -> None:
    row = queued(alice, approved)
    ApprovedCall.objects.update(expires_at=timezone.now())
    assert "no approved call" in verdict(row)
    assert (end_expired_calls(), end_expired_calls()) == (1, 0)
    assert not rule(approved).enabled


def test_the_rule_stays_while_another_call_needs_it(
    propose: Propose, approved: ApprovedCall, ben: User
) -> None:
    other = approve_call(call=propose(value=5), person=ben)
    revoke_call(call=approved, reason="done", person=ben)
    assert rule(approved).enabled
    revoke_call(call=other, reason="done", person=ben)
    found = rule(approved)
    assert (found.enabled, found.disabled_reason) == (False, "no approved call of it is left")


def test_coin_goes_only_where_a_call_with_coin_was_approved(propose: Propose, ben: User) -> None:
    free = approve_call(call=propose(value=0), person=ben)
    assert not rule(free).payable
    approve_call(call=propose(value=1), person=ben)
    assert rule(free).payable


def test_a_row_that_somebody_changed_is_not_signed(alice: Operator, approved: ApprovedCall) -> None:
    row = queued(alice, approved)
    ApprovedCall.objects.update(expires_at=timezone.now() + timedelta(days=300))
    assert "no approved call" in verdict(row)


@pytest.mark.parametrize(
    "changes", [{"code_hash": "0x" + "22" * 32}, {"implementation": "0x" + "22" * 20}]
)
def test_other_code_than_was_looked_at_is_not_called(
    alice: Operator,
    propose: Propose,
    approved: ApprovedCall,
    ben: User,
    changes: dict[str, str],
) -> None:
    row, other = queued(alice, approved), propose()
    Deployment.objects.filter(protocol__slug="calls").update(**changes)
    assert "no approved call" in verdict(row)
    with pytest.raises(NotPossible, match="has other code than when it was proposed"):
        approve_call(call=other, person=ben)


def test_a_disabled_contract_is_not_called(alice: Operator, approved: ApprovedCall) -> None:
    row = queued(alice, approved)
    deployment = Deployment.objects.get(protocol__slug="calls")
    disable_deployment(deployment=deployment, reason="not trusted any more")
    assert "is no enabled contract" in verdict(row)
    with pytest.raises(PlanError, match="is no enabled contract"):
        queued(alice, approved)


def test_whoever_proposed_does_not_approve(propose: Propose, ann: User, ben: User) -> None:
    settings.SECOND_PERSON = "required"
    call = propose()
    with pytest.raises(NotPossible, match="was proposed by ann; another approves it"):
        approve_call(call=call, person=ann)
    approve_call(call=call, person=ben)
    with pytest.raises(NotPossible, match="there is nothing to approve"):
        approve_call(call=call, person=ben)


def test_two_who_approve_at_once_approve_once(propose: Propose, ben: User) -> None:
    call = propose()
    same = ApprovedCall.objects.get(pk=call.pk)
    approve_call(call=call, person=ben)
    with pytest.raises(LostRace):
        approve_call(call=same, person=ben)


def test_rights_are_needed(propose: Propose, registered: Network) -> None:
    nobody = person("eve", "view_approvedcall")
    call = propose()
    with pytest.raises(NotPossible, match=r"eve has no right protocols\.approve_approvedcall"):
        approve_call(call=call, person=nobody)
    with pytest.raises(NotPossible, match=r"eve has no right protocols\.change_approvedcall"):
        revoke_call(call=call, reason="no", person=nobody)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"function": "deposit"}, "is no function"),
        ({"function": "withdraw(uint256)"}, "takes 1 arguments, 0 are given"),
        ({"address": "0x" + "11" * 20}, "is no enabled contract"),
        ({"address": "0x11"}, "is not an address"),
        ({"value": -1}, "-1"),
        ({"note": " "}, "say what the call does"),
        ({"arguments": {}}, "are no list"),
        ({"expires_at": timezone.now()}, "choose an end"),
        ({"expires_at": timezone.now() + LONGEST + timedelta(hours=1)}, "choose an end"),
    ],
)
def test_a_wrong_proposal_is_refused_in_one_sentence(
    propose: Propose, changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(NotPossible, match=told):
        propose(**changes)
    assert not ApprovedCall.objects.exists()


def test_its_history_says_who(approved: ApprovedCall) -> None:
    lines = Transition.objects.filter(subject="approved_call", subject_id=approved.pk)
    assert list(lines.order_by("pk").values_list("to_state", "actor")) == [
        ("proposed", "user ann"),
        ("approved", "user ben"),
    ]


def test_others_transactions_cost_the_guard_no_question(
    django_assert_num_queries: Any, db: None
) -> None:
    row = factories.TransactionFactory.create()
    with django_assert_num_queries(0):
        assert check_calls([row])[row.pk].answer is Answer.ALLOW


def test_many_calls_cost_the_guard_two_questions(
    alice: Operator, approved: ApprovedCall, django_assert_num_queries: Any
) -> None:
    rows = [queued(alice, approved) for _ in range(3)]
    for row in rows:
        assert row.network.chain_id
    with django_assert_num_queries(2):
        check_calls(rows)


def test_the_same_question_gives_the_same_plan(alice: Operator, approved: ApprovedCall) -> None:
    action, context = get_action("calls", "contract-call"), alice.context("calls")
    typed = read_params(action.Params, params(approved))
    assert action.plan(context, typed) == action.plan(context, typed)


def test_a_run_makes_the_call(
    registered: Network, market: Market, trader: Wallet, approved: ApprovedCall
) -> None:
    run = run_of(registered, trader, "contract-call", params(approved), protocol="calls")
    until_ended(registered, market)
    run.refresh_from_db()
    assert (run.state, run.detail) == ("succeeded", "")


def test_a_call_for_one_wallet_is_signed_for_no_other(
    alice: Operator, bob: Operator, propose: Propose, ben: User
) -> None:
    wallet = Wallet.objects.get(address=alice.address)
    call = approve_call(call=propose(wallet=wallet), person=ben)
    assert verdict(queued(alice, call)) == ""
    assert "is for another wallet" in verdict(queued(bob, call))
    ApprovedCall.objects.update(wallet=None)
    assert "no approved call" in verdict(queued(alice, call))


def sign(row: Transaction) -> None:
    """As if it had been given its bytes."""
    Transaction.objects.filter(pk=row.pk).update(state="broadcast", nonce=row.pk)


def test_a_call_is_signed_as_often_as_was_approved(
    alice: Operator, bob: Operator, propose: Propose, ben: User
) -> None:
    call = approve_call(call=propose(max_uses=2), person=ben)
    first, second, third = (queued(who, call) for who in (alice, bob, alice))
    assert [one.sentence for one in check_calls([first, second, third]).values()][:2] == ["", ""]
    sign(first)
    # Once more the same one, as for a higher fee.
    assert verdict(first) == verdict(second) == ""
    sign(second)
    assert "has been signed 2 times" in verdict(third)
    Transaction.objects.filter(pk=first.pk).update(state="voided")
    assert verdict(third) == ""


@pytest.mark.parametrize("uses", [0, -1, 2**31])
def test_a_number_of_uses_that_means_nothing_is_refused(propose: Propose, uses: int) -> None:
    with pytest.raises(NotPossible, match="it is made once at least"):
        propose(max_uses=uses)
