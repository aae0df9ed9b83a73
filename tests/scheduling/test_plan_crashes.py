"""Whatever boundary a worker is killed at, and however many work at once, a line is paid once."""

from functools import partial

import pytest

from scheduling.models import Plan, Run
from scheduling.plans.running import advance_plan
from scheduling.plans.services import approve_plan, run_plan
from scheduling.points import PlanPoint
from tests.factories import an_address
from tests.factories.recipients import AddressBookEntryFactory
from tests.market import Market
from tests.scheduling.plans import (
    MAKES,
    allow_alone,
    coin,
    draft,
    made_by,
    paid_on_chain,
    pay,
    person,
    plan_round,
    states,
    until_over,
)
from tests.threads import workers
from tests.wallets.crashing import broken_invariants, dies_at, time_passes
from wallets.models import Network, Wallet
from wallets.transactions.operator import NotPossible

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True)]
TO = [an_address(f"paid {number}") for number in range(3)]


@pytest.fixture
def approved(registered: Network, trader: Wallet) -> Plan:
    """Three lines of 1, 2 and 3 wei."""
    eth, ann = coin(registered), made_by(person("ann", *MAKES))
    allow_alone(100, eth)
    for address in TO:
        AddressBookEntryFactory.create(address=address, confirmed=True)
    lines = [pay(trader, to, eth, place) for place, to in enumerate(TO, 1)]
    return approve_plan(plan=draft(lines, ann), maker=ann)


def rounds(network: Network, market: Market) -> None:
    """Enough for everything to be over."""
    for _ in range(12):
        plan_round(network, market)


@pytest.mark.db
@pytest.mark.parametrize("point", PlanPoint)
@pytest.mark.parametrize("passes", [0, 2])
def test_a_worker_killed_anywhere_neither_loses_nor_doubles_a_line(
    registered: Network,
    market: Market,
    trader: Wallet,
    approved: Plan,
    point: PlanPoint,
    passes: int,
) -> None:
    run_plan(plan=approved, maker=made_by(approved.created_by))  # type: ignore[arg-type]
    assert dies_at(point, "", lambda: rounds(registered, market), passes=passes)
    time_passes(registered)
    until_over(registered, market)
    wanted = [(address.lower(), place) for place, address in enumerate(TO, 1)]
    assert sorted(paid_on_chain(market, trader.address)) == sorted(wanted)
    assert [state for state, _ in states()] == ["done"] * 3
    assert broken_invariants(registered) == []


@pytest.mark.postgresql
def test_many_that_run_it_at_once_start_each_line_once(approved: Plan) -> None:
    maker = made_by(approved.created_by)  # type: ignore[arg-type]
    with workers(6) as submit:
        for done in [submit(partial(run_plan, plan=approved, maker=maker)) for _ in range(3)]:
            done.result(timeout=60)
        for done in [submit(advance_plan, approved.pk) for _ in range(6)]:
            done.result(timeout=60)
    assert Run.objects.count() == 3


@pytest.mark.postgresql
def test_two_that_pay_the_same_are_not_both_approved(
    registered: Network, trader: Wallet, approved: Plan
) -> None:
    Plan.objects.update(state="draft", approved_by=None, approved_at=None)
    maker = made_by(approved.created_by)  # type: ignore[arg-type]
    lines = [pay(trader, TO[0], coin(registered), 1, purpose="a test once more")]
    twin = draft(lines, maker)
    with workers(2) as submit:
        asked = [submit(partial(approve_plan, plan=one, maker=maker)) for one in (approved, twin)]
        errors = [one.exception(timeout=60) for one in asked]
    assert sorted(type(error).__name__ for error in errors) == ["NoneType", "NotPossible"]
    assert isinstance(next(filter(None, errors)), NotPossible)
