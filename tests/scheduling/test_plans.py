"""A plan is approved as it was made, carried out once, and says of each line what became of it."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from scheduling.approvals.deciding import approve_run
from scheduling.models import Approval, Plan, PlanLine, Run, Task
from scheduling.plans.making import Maker
from scheduling.plans.running import advance_plan, advance_plans
from scheduling.plans.services import approve_plan, cancel_plan, retry_plan, run_plan
from tests import factories
from tests.factories import an_address
from tests.market import Market
from tests.protocols.operators import ETHER, USDC
from tests.scheduling.plans import (
    APPROVES,
    MAKES,
    allow_alone,
    coin,
    draft,
    made_by,
    native,
    new_wallet,
    paid_on_chain,
    pay,
    person,
    plan_round,
    run_through,
    states,
    until_over,
)
from tests.scheduling.trading import run_of
from wallets.models import AddressBookEntry, Network, Token, Transaction, Transition, Wallet
from wallets.services import engage_stop, lift_stop
from wallets.transactions.operator import NotPossible

pytestmark = [pytest.mark.django_db, pytest.mark.db]
EXCHANGE = an_address("exchange")


@pytest.fixture
def ann(db: None) -> User:
    """Makes plans."""
    return person("ann", *MAKES)


@pytest.fixture
def ben(db: None) -> User:
    """Makes and approves plans."""
    return person("ben", *MAKES, *APPROVES)


@pytest.fixture
def eth(registered: Network) -> Token:
    """The coin, of which one person may move 2 alone."""
    token = coin(registered)
    allow_alone(2 * ETHER, token)
    return token


@pytest.fixture
def usdc(registered: Network) -> Token:
    return Token.objects.get(network=registered, symbol="USDC")


@pytest.fixture
def friend(trader: Wallet, market: Market) -> Wallet:
    """Another wallet of ours, empty."""
    return new_wallet("friend", market)


@pytest.fixture
def exchange(registered: Network) -> AddressBookEntry:
    """A confirmed address of somebody else."""
    return factories.AddressBookEntryFactory.create(
        label="exchange", address=EXCHANGE, confirmed=True
    )


@pytest.fixture
def small(trader: Wallet, friend: Wallet, eth: Token, ann: User) -> Plan:
    """1 ETH to the other wallet."""
    return draft([pay(trader, friend.address, eth)], made_by(ann))


@pytest.fixture
def large(trader: Wallet, friend: Wallet, eth: Token, ann: User) -> Plan:
    """3 ETH, more than one person may move."""
    return draft([pay(trader, friend.address, eth, 3 * ETHER)], made_by(ann))


def test_coin_and_tokens_go_where_the_lines_say(
    registered: Network,
    market: Market,
    trader: Wallet,
    friend: Wallet,
    exchange: AddressBookEntry,
    eth: Token,
    usdc: Token,
    ann: User,
    ben: User,
) -> None:
    lines = [
        pay(trader, friend.address, eth, 5),
        pay(trader, EXCHANGE, eth, 3 * ETHER),
        pay(trader, EXCHANGE, usdc, 7 * USDC),
    ]
    plan = run_through(draft(lines, made_by(ann)), made_by(ben), registered, market)
    assert (plan.state, plan.detail) == ("done", "3 of 3 lines happened")
    assert (native(market, friend.address), native(market, EXCHANGE)) == (5, 3 * ETHER)
    assert Transaction.objects.filter(state="final", outcome="succeeded").count() == 3
    assert sorted(paid_on_chain(market, trader.address)) == sorted(
        [(friend.address.lower(), 5), (EXCHANGE.lower(), 3 * ETHER), (usdc.address.lower(), 0)]
    )


def test_below_the_limit_its_makers_word_is_enough(small: Plan, ann: User) -> None:
    done = approve_plan(plan=small, maker=made_by(ann))
    assert (done.state, done.approved_alone) == ("approved", True)


def test_above_the_limit_a_second_person_approves(large: Plan, ann: User, ben: User) -> None:
    with pytest.raises(NotPossible, match=r"ann has no right scheduling\.approve_plan"):
        approve_plan(plan=large, maker=made_by(ann))
    done = approve_plan(plan=large, maker=made_by(ben))
    assert (done.approved_by, done.approved_alone) == (ben, False)


def test_an_approver_does_not_approve_their_own(
    trader: Wallet, friend: Wallet, eth: Token, ben: User
) -> None:
    own = draft([pay(trader, friend.address, eth, 3 * ETHER)], made_by(ben))
    sentence = "ben made Plan .* a second person approves it: 3 ETH on devnet-l2: more than the 2"
    with pytest.raises(NotPossible, match=sentence):
        approve_plan(plan=own, maker=made_by(ben))
    with pytest.raises(IntegrityError, match="plan_two_persons"), transaction.atomic():
        Plan.objects.filter(pk=own.pk).update(approved_by=ben, approved_at=timezone.now())


def test_without_a_limit_one_person_moves_nothing(
    trader: Wallet, friend: Wallet, usdc: Token, ben: User
) -> None:
    plan = draft([pay(trader, friend.address, usdc, 1)], made_by(ben))
    with pytest.raises(NotPossible, match="no limit says how much of it one person may move"):
        approve_plan(plan=plan, maker=made_by(ben))


def test_small_plans_in_a_row_add_up(
    trader: Wallet, friend: Wallet, eth: Token, ann: User, small: Plan
) -> None:
    approve_plan(plan=small, maker=made_by(ann))
    other = an_address("another")
    factories.AddressBookEntryFactory.create(address=other, confirmed=True)
    second = draft([pay(trader, other, eth, ETHER + 1)], made_by(ann))
    with pytest.raises(NotPossible, match="no right"):
        approve_plan(plan=second, maker=made_by(ann))


def test_one_operator_approves_alone_only_if_the_setting_says_so(
    trader: Wallet, friend: Wallet, eth: Token, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.conf.settings.SECOND_PERSON", "waived")
    own = draft([pay(trader, friend.address, eth, 3 * ETHER)], made_by(ben))
    assert approve_plan(plan=own, maker=made_by(ben)).approved_alone


@pytest.mark.parametrize(
    "change", [{"amount": 2 * ETHER}, {"recipient": EXCHANGE}, {"purpose": "another"}]
)
def test_a_changed_line_is_refused_before_and_after_the_approval(
    small: Plan, ann: User, exchange: AddressBookEntry, change: dict[str, object]
) -> None:
    PlanLine.objects.update(**change)
    with pytest.raises(NotPossible, match="was changed after it was made"):
        approve_plan(plan=small, maker=made_by(ann))


def test_a_line_changed_while_it_runs_is_not_signed(
    registered: Network, market: Market, trader: Wallet, small: Plan, ann: User
) -> None:
    run_plan(plan=approve_plan(plan=small, maker=made_by(ann)), maker=made_by(ann))
    advance_plans()
    PlanLine.objects.update(amount=ETHER // 2)
    until_over(registered, market)
    ((state, detail),) = states()
    assert state == "failed"
    assert "it is not what line 1" in detail
    assert paid_on_chain(market, trader.address) == []


def test_a_run_that_was_changed_is_not_signed(
    registered: Network, market: Market, trader: Wallet, small: Plan, ann: User
) -> None:
    factories.AddressBookEntryFactory.create(address=EXCHANGE, confirmed=True)
    run_plan(plan=approve_plan(plan=small, maker=made_by(ann)), maker=made_by(ann))
    advance_plans()
    run = Run.objects.get()
    Run.objects.update(params={**run.params, "to": EXCHANGE})
    until_over(registered, market)
    assert "it is not what line 1" in states()[0][1]
    assert paid_on_chain(market, trader.address) == []


def test_running_twice_makes_nothing_twice(
    registered: Network, market: Market, trader: Wallet, small: Plan, ann: User
) -> None:
    approve_plan(plan=small, maker=made_by(ann))
    for _ in range(3):
        run_plan(plan=small, maker=made_by(ann))
        advance_plan(small.pk)
    until_over(registered, market)
    with pytest.raises(NotPossible, match="is done, not approved"):
        run_plan(plan=small, maker=made_by(ann))
    assert len(paid_on_chain(market, trader.address)) == Run.objects.count() == 1


def test_the_same_plan_made_twice_is_approved_once(
    registered: Network,
    market: Market,
    small: Plan,
    trader: Wallet,
    friend: Wallet,
    eth: Token,
    ben: User,
) -> None:
    twin = draft([pay(trader, friend.address, eth)], made_by(ben))
    approve_plan(plan=small, maker=made_by(ben))
    with pytest.raises(NotPossible, match=f"plan {small.pk} sends ETH from trader .* already"):
        approve_plan(plan=twin, maker=made_by(ben))
    run_plan(plan=small, maker=made_by(ben))
    until_over(registered, market)
    with pytest.raises(NotPossible, match="within a day, as much and for the same"):
        approve_plan(plan=twin, maker=made_by(ben))


def test_one_repeated_payment_among_others_is_found(
    registered: Network,
    market: Market,
    small: Plan,
    trader: Wallet,
    friend: Wallet,
    eth: Token,
    ben: User,
) -> None:
    run_through(small, made_by(ben), registered, market)
    lines = [pay(trader, friend.address, eth), pay(trader, friend.address, eth, 5, purpose="b")]
    with pytest.raises(NotPossible, match="within a day, as much and for the same"):
        approve_plan(plan=draft(lines, made_by(ben)), maker=made_by(ben))


def test_a_cancelled_draft_moves_nothing(small: Plan, ann: User) -> None:
    cancel_plan(plan=small, maker=made_by(ann), reason="not wanted")
    with pytest.raises(NotPossible, match="is cancelled, not draft"):
        approve_plan(plan=small, maker=made_by(ann))
    assert states() == [("cancelled", "")]
    told = Transition.objects.filter(subject="plan", subject_id=small.pk).order_by("id")
    assert [line.to_state for line in told] == ["draft", "cancelled"]


def test_a_cancel_takes_back_what_is_not_signed(
    registered: Network, market: Market, trader: Wallet, small: Plan, ann: User
) -> None:
    engage_stop(reason="look", actor="test")
    run_plan(plan=approve_plan(plan=small, maker=made_by(ann)), maker=made_by(ann))
    for _ in range(3):
        plan_round(registered, market)
    cancel_plan(plan=small, maker=made_by(ann), reason="not wanted")
    lift_stop(reason="seen", actor="test")
    until_over(registered, market)
    small.refresh_from_db()
    assert (small.state, small.detail) == (
        "cancelled",
        "0 of 1 lines happened; cancelled: not wanted",
    )
    assert paid_on_chain(market, trader.address) == []


def test_a_failed_line_is_shown_and_retried_alone(
    registered: Network,
    market: Market,
    trader: Wallet,
    friend: Wallet,
    eth: Token,
    usdc: Token,
    ben: User,
    ann: User,
) -> None:
    lines = [pay(trader, friend.address, eth, 5), pay(trader, friend.address, usdc, 150 * USDC)]
    plan = run_through(draft(lines, made_by(ann)), made_by(ben), registered, market)
    assert plan.detail == "1 of 2 lines happened"
    assert [state for state, _ in states()] == ["done", "failed"]
    assert "has 100000000 base units" in states()[1][1]
    market.give("USDC", trader.address, 50 * USDC)
    retry_plan(plan=plan, maker=made_by(ann))
    until_over(registered, market)
    assert [state for state, _ in states()] == ["done", "done"]
    assert len(paid_on_chain(market, trader.address)) == 2
    with pytest.raises(NotPossible, match=r"no line of Plan .* has failed"):
        retry_plan(plan=plan, maker=made_by(ann))


def test_what_may_still_happen_is_not_retried(
    registered: Network, market: Market, small: Plan, ann: User
) -> None:
    run_plan(plan=approve_plan(plan=small, maker=made_by(ann)), maker=made_by(ann))
    for _ in range(3):
        plan_round(registered, market)
    row = Transaction.objects.get()
    assert row.nonce is not None
    Plan.objects.update(state="done")
    PlanLine.objects.update(state="failed")
    with pytest.raises(NotPossible, match="it is not known that it did not happen"):
        retry_plan(plan=small, maker=made_by(ann))
    Transaction.objects.update(state="voided", outcome="")
    Run.objects.update(state="failed")
    with pytest.raises(NotPossible, match="it might still be mined"):
        retry_plan(plan=small, maker=made_by(ann))


def test_a_task_sends_nothing_large_to_the_address_book(
    registered: Network,
    market: Market,
    trader: Wallet,
    exchange: AddressBookEntry,
    eth: Token,
    ann: User,
) -> None:
    run_of(registered, trader, "transfer", {"to": EXCHANGE, "amount": str(ETHER)})
    big = {"to": EXCHANGE, "amount": str(3 * ETHER)}
    run_of(registered, trader, "transfer", big, changed_by=ann)
    for _ in range(12):
        plan_round(registered, market)
    approve_run(approval=Approval.objects.get(), person=person("ben", "approve_run"))
    for _ in range(2):
        plan_round(registered, market)
    assert paid_on_chain(market, trader.address) == [(EXCHANGE.lower(), ETHER)]
    refused = Transaction.objects.get(state="refused")
    assert "make a plan and have it approved" in refused.detail


def test_old_balances_and_old_approvals_are_refused(
    trader: Wallet, friend: Wallet, eth: Token, ann: User, small: Plan
) -> None:
    past = timezone.now() - timedelta(hours=2)
    stale = draft([pay(trader, friend.address, eth, 7)], made_by(ann), "fund", balances_at=past)
    with pytest.raises(NotPossible, match="balances read more than an hour ago"):
        approve_plan(plan=stale, maker=made_by(ann))
    approve_plan(plan=small, maker=made_by(ann))
    Plan.objects.filter(pk=small.pk).update(approved_at=timezone.now() - timedelta(days=2))
    with pytest.raises(NotPossible, match="approved more than a day ago"):
        run_plan(plan=small, maker=made_by(ann))


def test_what_cannot_be_a_line_is_named(
    trader: Wallet, friend: Wallet, eth: Token, usdc: Token, ann: User
) -> None:
    factories.AddressBookEntryFactory.create(label="x", address=EXCHANGE)
    lines = [
        pay(trader, trader.address, eth),
        pay(trader, EXCHANGE, eth),
        pay(trader, friend.address, eth, 0),
        pay(trader, friend.address, usdc, everything=True, purpose="other"),
    ]
    with pytest.raises(NotPossible) as refused:
        draft(lines, made_by(ann))
    told = str(refused.value)
    for sentence in (
        "line 1: trader would pay itself",
        f"line 2: {EXCHANGE} is no verified wallet of ours",
        "line 3: the amount is not above zero",
        "line 4: only the native coin goes less its fee",
    ):
        assert sentence in told
    twice = [pay(trader, friend.address, eth, 1), pay(trader, friend.address, eth, 2)]
    with pytest.raises(NotPossible, match="line 2 repeats line 1"):
        draft(twice, made_by(ann))
    assert not Plan.objects.exists()


def test_a_recipient_whose_confirmation_was_voided_is_refused_at_the_approval(
    trader: Wallet, exchange: AddressBookEntry, eth: Token, ann: User
) -> None:
    plan = draft([pay(trader, EXCHANGE, eth, 1)], made_by(ann))
    nobody = {"status": "entered", "confirmed_by": None, "confirmed_at": None}
    AddressBookEntry.objects.update(**nobody)
    with pytest.raises(NotPossible, match="nor confirmed in the address book"):
        approve_plan(plan=plan, maker=made_by(ann))


def test_a_shell_without_a_person_approves_nothing_that_needs_one(
    trader: Wallet, friend: Wallet, eth: Token, usdc: Token, ben: User
) -> None:
    shell = Maker(None, "shell root")
    plan = draft([pay(trader, friend.address, usdc, 1)], shell)
    with pytest.raises(NotPossible, match="somebody must sign in"):
        approve_plan(plan=plan, maker=shell)
    with pytest.raises(NotPossible, match="nobody knows who made"):
        approve_plan(plan=plan, maker=made_by(ben))


def test_what_failed_is_not_retried_beyond_what_one_person_may_move(
    registered: Network,
    market: Market,
    trader: Wallet,
    friend: Wallet,
    eth: Token,
    ann: User,
) -> None:
    market.rpc.call("anvil_setBalance", trader.address, hex(ETHER))
    failed = draft([pay(trader, friend.address, eth, 2 * ETHER)], made_by(ann))
    run_through(failed, made_by(ann), registered, market)
    assert states()[0][0] == "failed"
    market.rpc.call("anvil_setBalance", trader.address, hex(9 * ETHER))
    second = draft([pay(trader, friend.address, eth, 2 * ETHER, purpose="b")], made_by(ann))
    run_through(second, made_by(ann), registered, market)
    with pytest.raises(NotPossible, match="now needs a second person"):
        retry_plan(plan=failed, maker=made_by(ann))
    assert native(market, friend.address) == 2 * ETHER


def test_a_shell_alone_approves_only_what_goes_to_safe_addresses(
    trader: Wallet, friend: Wallet, eth: Token
) -> None:
    shell = Maker(None, "shell root")
    below_the_limit = draft([pay(trader, friend.address, eth, 1)], shell)
    with pytest.raises(NotPossible, match="is no listed safe address"):
        approve_plan(plan=below_the_limit, maker=shell)


def test_another_run_of_a_plans_task_is_not_signed(
    registered: Network, market: Market, trader: Wallet, small: Plan, ann: User
) -> None:
    run_through(small, made_by(ann), registered, market)
    run = Run.objects.get()
    occurrence = factories.OccurrenceFactory.create(
        task=run.task, wallet=trader, due_at=timezone.now()
    )
    again = factories.RunFactory.create(
        occurrence=occurrence, state="pending", params=run.params, wake_at=timezone.now()
    )
    for _ in range(6):
        plan_round(registered, market)
    again.refresh_from_db()
    assert again.state == "failed"
    assert f"no line of {small} asks for it" in again.detail
    assert len(paid_on_chain(market, trader.address)) == 1


def test_a_plans_task_is_never_due_by_itself(
    registered: Network, market: Market, small: Plan, ann: User
) -> None:
    run_through(small, made_by(ann), registered, market)
    task = Task.objects.get()
    assert (task.enabled, task.next_due_at, task.plan) == (False, None, small)
