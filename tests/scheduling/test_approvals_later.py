"""What follows a wait is approved on its own, and what an action always wants approved is asked."""

import pytest
from django.contrib.auth.models import User

from scheduling.approvals.deciding import approve_run
from scheduling.models import Approval, Run
from tests.chains import Chain
from tests.market import Market
from tests.scheduling.ferry import cross, land, onward, rounds
from tests.scheduling.plans import new_wallet, person
from wallets.models import Network, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db, pytest.mark.usefixtures("ferry")]

Both = tuple[Network, Market, Network, Chain]


@pytest.fixture
def both(registered: Network, market: Market, network: Network, chain: Chain) -> Both:
    """What the workers of both networks need."""
    return registered, market, network, chain


@pytest.fixture
def ben(db: None) -> User:
    """Approves."""
    return person("ben", "approve_run")


def approve(by: User) -> None:
    approve_run(approval=Approval.objects.get(state="asked"), person=by)


def test_what_follows_a_wait_is_approved_on_its_own(both: Both, trader: Wallet, ben: User) -> None:
    ann, friend = person("ann"), new_wallet("friend", both[1])
    run = cross(both[0], trader, friend, needs_approval=True, changed_by=ann)
    rounds(*both, 2)
    approve(ben)
    land(both[3], trader)
    rounds(*both, 10)
    run.refresh_from_db()
    waiting = Approval.objects.get(state="asked")
    assert (run.state, run.detail) == ("running", f"waits for approval {waiting.pk}")
    assert (waiting.first_step, onward(both[3], trader)) == (2, 0)
    approve(ben)
    rounds(*both, 8)
    run.refresh_from_db()
    assert (run.state, onward(both[3], trader)) == ("succeeded", 1)


def test_an_action_that_always_needs_approval_is_asked_for(
    both: Both, trader: Wallet, ben: User
) -> None:
    ann, friend = person("ann"), new_wallet("friend", both[1])
    cross(both[0], trader, friend, action="solemn", changed_by=ann)
    rounds(*both, 2)
    assert Approval.objects.get().reasons == ["every ferry/solemn needs it"]
    assert Run.objects.get().state == "held"
