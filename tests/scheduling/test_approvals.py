"""A second person approves exactly what a run is about to do; nothing else of it is signed."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone

from protocols.models import Protocol
from scheduling.approvals.asking import close_dead
from scheduling.approvals.deciding import approve_run, decline_run
from scheduling.approvals.guard import check_approvals
from scheduling.models import Approval, Run, Step
from tests.market import Market
from tests.protocols.operators import ETHER
from tests.scheduling.ferry import AMOUNT, errand
from tests.scheduling.plans import allow_alone, coin, native, new_wallet, person
from tests.scheduling.tasks import payer, paying, turn
from tests.scheduling.tasks import run_of as latest
from tests.scheduling.trading import run_of, swap, until_ended, work
from wallets.models import Network, Transaction, Transition, Wallet
from wallets.services import engage_stop, lift_stop
from wallets.transactions.operator import NotPossible

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def ann(db: None) -> User:
    """Says what tasks do, and may approve too."""
    return person("ann", "approve_run")


@pytest.fixture
def ben(db: None) -> User:
    """Approves."""
    return person("ben", "approve_run")


@pytest.fixture
def friend(trader: Wallet, market: Market) -> Wallet:
    """Another wallet of ours, empty."""
    return new_wallet("friend", market)


def asked(registered: Network, trader: Wallet, to: Wallet, by: User, **fields: Any) -> Run:
    """A run that sends 1 ETH, planned as far as it may be."""
    params = {"to": to.address, "amount": str(ETHER)}
    terms = {"needs_approval": True, "changed_by": by, **fields}
    run = run_of(registered, trader, "transfer", params, **terms)
    work(registered)
    run.refresh_from_db()
    return run


@pytest.fixture
def run(registered: Network, trader: Wallet, friend: Wallet, ann: User) -> Run:
    """It waits for somebody else than Ann."""
    return asked(registered, trader, friend, ann)


def open_one() -> Approval:
    return Approval.objects.get(state="asked")


def test_a_run_waits_with_its_plan_and_does_exactly_that_once_approved(
    run: Run, ben: User, registered: Network, market: Market, friend: Wallet
) -> None:
    approval = open_one()
    assert (run.state, run.detail) == ("held", f"waits for approval {approval.pk}")
    assert not Step.objects.exists()
    approve_run(approval=approval, person=ben)
    Run.objects.update(params={"to": friend.address, "amount": "5"})
    until_ended(registered, market)
    approval.refresh_from_db()
    assert (approval.state, approval.decided_by, approval.decided_alone) == ("used", ben, False)
    assert native(market, friend.address) == ETHER
    history = Transition.objects.filter(subject="approval").order_by("pk")
    assert list(history.values_list("to_state", flat=True)) == ["asked", "approved", "used"]


def test_whoever_said_what_the_task_does_is_no_second_person(run: Run, ann: User) -> None:
    with pytest.raises(NotPossible, match=r"ann said what .* a second person approves it"):
        approve_run(approval=open_one(), person=ann)


def test_whoever_wrote_what_a_run_does_is_no_second_person_though_others_saved_its_task(
    registered: Network, trader: Wallet, friend: Wallet, ann: User, ben: User
) -> None:
    params = {"to": friend.address, "amount": str(ETHER)}
    run = run_of(registered, trader, "transfer", params, needs_approval=True, changed_by=ann)
    type(run.task).objects.update(changed_by=ben)
    work(registered)
    with pytest.raises(NotPossible, match="ann said what"):
        approve_run(approval=open_one(), person=ann)
    assert approve_run(approval=open_one(), person=ben).decided_by == ben


def test_without_the_right_nobody_decides(run: Run) -> None:
    with pytest.raises(NotPossible, match=r"no right scheduling\.approve_run"):
        approve_run(approval=open_one(), person=person("eve"))
    with pytest.raises(NotPossible, match=r"no right scheduling\.approve_run"):
        decline_run(approval=open_one(), person=User.objects.get(username="eve"), reason="x")


def test_where_nobody_knows_who_said_it_nobody_is_the_second(
    registered: Network, trader: Wallet, friend: Wallet, ben: User
) -> None:
    asked(registered, trader, friend, ben, changed_by=None)
    with pytest.raises(NotPossible, match="nobody knows who last said what"):
        approve_run(approval=open_one(), person=ben)


def test_one_operator_alone_may_and_it_says_so(run: Run, ann: User) -> None:
    settings.SECOND_PERSON = "waived"
    try:
        approval = approve_run(approval=open_one(), person=ann)
    finally:
        settings.SECOND_PERSON = "required"
    assert (approval.state, approval.decided_alone) == ("approved", True)
    assert Transition.objects.filter(reason="by one person alone", actor="user ann").exists()


def test_what_is_declined_ends_its_run_with_the_reason(run: Run, ben: User) -> None:
    approval = decline_run(approval=open_one(), person=ben, reason="too much")
    run.refresh_from_db()
    assert (approval.state, run.state) == ("declined", "cancelled")
    assert run.detail == f"{approval} was declined: too much"


def test_consent_can_be_taken_back_until_it_is_used(run: Run, ben: User) -> None:
    approval = approve_run(approval=open_one(), person=ben)
    assert decline_run(approval=approval, person=ben, reason="no").state == "declined"


def expire(approval: Approval) -> None:
    """As if its time were over, and it had been asked for so."""
    Approval.objects.filter(pk=approval.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


def test_what_expired_is_planned_and_asked_for_anew(
    run: Run, ben: User, registered: Network
) -> None:
    first = open_one()
    expire(first)
    with pytest.raises(NotPossible, match="has expired"):
        approve_run(approval=first, person=ben)
    work(registered)
    assert open_one().pk > first.pk
    first.refresh_from_db()
    assert first.state == "expired"


def test_of_a_run_that_is_over_it_is_closed(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(state="cancelled")
    assert (close_dead(), close_dead()) == (1, 0)
    assert Approval.objects.get().state == "expired"


def test_it_lasts_no_longer_than_the_first_deadline_of_its_calls(
    registered: Network, market: Market, trader: Wallet, ann: User
) -> None:
    swap(registered, market, trader, needs_approval=True, changed_by=ann)
    work(registered)
    left = open_one().expires_at - timezone.now()
    assert timedelta(minutes=5) < left < timedelta(minutes=21)


def test_a_row_that_was_changed_is_not_approved_nor_used(
    run: Run, ben: User, registered: Network
) -> None:
    approval = open_one()
    approval.plan["steps"][0]["spec"]["value"] = str(9 * ETHER)
    Approval.objects.filter(pk=approval.pk).update(plan=approval.plan)
    with pytest.raises(NotPossible, match="was changed after it was asked for"):
        approve_run(approval=approval, person=ben)
    Approval.objects.update(state="approved", decided_by=ben)
    work(registered)
    assert not Step.objects.exists()
    assert "was changed" in Approval.objects.get(state="expired").detail


@pytest.mark.parametrize("what", ["the transaction", "the approval"])
def test_what_was_changed_after_the_approval_is_not_signed(
    run: Run, ben: User, registered: Network, what: str
) -> None:
    approve_run(approval=open_one(), person=ben)
    registered.endpoints.update(enabled=False)
    work(registered)
    if what == "the transaction":
        Transaction.objects.update(value=F("value") + 1)
    else:
        Approval.objects.update(asked_for=None)
    registered.endpoints.update(enabled=True)
    work(registered)
    row = Transaction.objects.get()
    told = "it is not what Approval" if what == "the transaction" else "was changed after"
    assert row.state == "refused"
    assert told in row.detail


def test_above_the_limit_of_one_person_it_is_asked(
    registered: Network, trader: Wallet, friend: Wallet, ann: User
) -> None:
    allow_alone(ETHER // 2, coin(registered))
    run = asked(registered, trader, friend, ann, needs_approval=False)
    assert run.state == "held"
    assert open_one().reasons == ["1 ETH is more than the 0.5 ETH of one person"]


def test_what_needs_nobody_begins_at_once(
    registered: Network, trader: Wallet, friend: Wallet, ann: User
) -> None:
    allow_alone(2 * ETHER, coin(registered))
    assert asked(registered, trader, friend, ann, needs_approval=False).state == "running"
    assert not Approval.objects.exists()


def test_a_limit_that_came_later_holds_what_nobody_approved(
    registered: Network, trader: Wallet, friend: Wallet, ann: User
) -> None:
    engage_stop(reason="look", actor="test")
    run = asked(registered, trader, friend, ann, needs_approval=False)
    allow_alone(ETHER // 2, coin(registered))
    lift_stop(reason="seen", actor="test")
    work(registered)
    row = Transaction.objects.get()
    assert (row.state, row.hold_reason) == ("held", "approval")
    assert "nobody approved it, and now somebody has to: 1 ETH is more" in row.detail
    assert run.state == "running"


def test_an_approved_step_that_came_too_late_is_not_replaced(
    run: Run, ben: User, registered: Network
) -> None:
    type(run.task).objects.update(window_seconds=3600)
    approve_run(approval=open_one(), person=ben)
    registered.endpoints.update(enabled=False)
    work(registered)
    Transaction.objects.update(valid_until=timezone.now() - timedelta(seconds=1))
    registered.endpoints.update(enabled=True)
    work(registered)
    work(registered)
    run.refresh_from_db()
    assert (run.state, Transaction.objects.count()) == ("failed", 1)
    assert "its next run is planned and approved anew" in run.detail


@pytest.mark.usefixtures("errands")
def test_declining_wakes_what_waits_for_the_run() -> None:
    wallet = payer()
    first = paying(wallet)
    second = paying(wallet, needs=(first,))
    turn()
    ends = timezone.now() + timedelta(hours=1)
    row = Approval.objects.create(run=latest(first), plan={}, expires_at=ends)
    decline_run(approval=row, person=person("ben", "approve_run"), reason="no")
    assert latest(first).state == "cancelled"
    assert Run.objects.filter(task=second, wake_at__lte=timezone.now()).exists()


def test_what_is_split_over_steps_counts_together(
    registered: Network, trader: Wallet, friend: Wallet, ann: User, ferry: Protocol
) -> None:
    allow_alone(AMOUNT, coin(registered))
    run = errand(registered, trader, friend, changed_by=ann)
    work(registered)
    run.refresh_from_db()
    assert (run.state, run.steps.count()) == ("held", 0)
    told = "0.100000000000000002 ETH is more than the 0.1 ETH of one person"
    assert open_one().reasons == [told]


def test_a_step_is_held_that_makes_it_too_much_with_those_before_it(
    registered: Network, trader: Wallet, friend: Wallet, ann: User, ferry: Protocol
) -> None:
    run = errand(registered, trader, friend, changed_by=ann)
    registered.endpoints.update(enabled=False)
    work(registered)
    first = Transaction.objects.get()
    later = Transaction.objects.create(
        lane=first.lane,
        network=registered,
        origin=first.origin,
        idempotency_key="later",
        protocol="ferry",
        action="errand",
        to=friend.address,
        value=1,
    )
    run.steps.filter(index=2).update(transaction=later)
    allow_alone(AMOUNT, coin(registered))
    assert check_approvals([first])[first.pk].sentence == ""
    assert "0.100000000000000001 ETH is more than" in check_approvals([later])[later.pk].sentence
