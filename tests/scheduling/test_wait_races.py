"""What a run that waits does while a reorganisation, a person or an adapter gets in its way."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from protocols.actions import Call
from protocols.models import Protocol
from protocols.registry import get_action
from scheduling.continuing import give_up_run, restart_run
from scheduling.models import Run, RunAllowance, Step
from scheduling.planning import Planned
from scheduling.points import WaitPoint
from scheduling.runs import advance_runs, unsettle_reorganised
from scheduling.steps import begin_steps, planned_step
from scheduling.waits import due_waits, look_for_waits
from tests.boundaries import at
from tests.chains import Chain
from tests.market import Market
from tests.scheduling.ferry import cross, errand, land, onward, rounds
from wallets.addresses import parse_address
from wallets.models import Network, Receipt, Transaction, Wallet
from wallets.services import create_keystore_wallet, verify_wallet
from wallets.transactions.operator import NotPossible

pytestmark = [pytest.mark.django_db, pytest.mark.db, pytest.mark.usefixtures("ferry")]

Networks = tuple[Network, Market, Network, Chain]


@pytest.fixture
def other(trader: Wallet) -> Wallet:
    """Another wallet of ours."""
    return verify_wallet(wallet=create_keystore_wallet(label="other", scrypt_n=2))


@pytest.fixture
def both(registered: Network, market: Market, network: Network, chain: Chain) -> Networks:
    """Both networks with their chains."""
    return registered, market, network, chain


def states(run: Run) -> list[tuple[str, str]]:
    """Label and state of each step."""
    return list(run.steps.order_by("index").values_list("label", "state"))


def now(run: Run) -> Run:
    """The run as it is in the database."""
    return Run.objects.get(pk=run.pk)


def undo(run: Run, index: int) -> Transaction:
    """A reorganisation takes a step's transaction out of its block."""
    row = Transaction.objects.get(step__run=run, step__index=index)
    Receipt.objects.filter(transaction=row).update(canonical=False)
    Transaction.objects.filter(pk=row.pk).update(state="broadcast", outcome="")
    unsettle_reorganised()
    return row


def mine_again(row: Transaction, outcome: str = "succeeded") -> None:
    """It is in a block again, and can be in no other."""
    Receipt.objects.filter(transaction=row).update(canonical=True)
    Transaction.objects.filter(pk=row.pk).update(state="final", outcome=outcome)
    advance_runs()


def look_now() -> None:
    """Every pause between looks is over."""
    Step.objects.exclude(look_at=None).update(look_at=timezone.now())
    advance_runs()


def test_restarting_twice_repeats_nothing(
    both: Networks, trader: Wallet, other: Wallet, ferry: Protocol
) -> None:
    run = errand(both[0], trader, other)
    rounds(*both, 5)
    ferry.networks.remove(both[0])
    land(both[3], trader)
    rounds(*both, 4)
    restart_run(run_id=run.pk, actor="anna", reason="too early")
    rounds(*both, 4)
    assert now(run).state == "needs_operator"
    ferry.networks.add(both[0])
    restart_run(run_id=run.pk, actor="anna", reason="enabled now")
    rounds(*both, 12)
    assert now(run).state == "succeeded"
    done = [label for label, state in states(run) if state == "settled"]
    assert done == ["pay the ferry", "landing", "first", "second"]


def test_nothing_behind_a_wait_begins_when_what_is_before_it_is_mined_again(
    both: Networks, trader: Wallet, other: Wallet
) -> None:
    run = errand(both[0], trader, other)
    rounds(*both, 5)
    mine_again(undo(run, 0))
    assert [state for _, state in states(run)] == ["settled", "waiting", "planned", "planned"]


def test_nothing_is_looked_for_while_what_it_follows_is_undone(
    both: Networks, trader: Wallet, other: Wallet
) -> None:
    run = cross(both[0], trader, other)
    rounds(*both, 5)
    row = undo(run, 0)
    land(both[3], trader)
    look_now()
    assert states(run)[1] == ("landing", "waiting")
    assert "what comes before it was undone" in run.steps.get(index=1).detail
    mine_again(row)
    look_now()
    assert states(run)[1] == ("landing", "settled")


def test_what_follows_is_asked_anew_when_a_step_is_undone_meanwhile(
    both: Networks, trader: Wallet, other: Wallet
) -> None:
    run = cross(both[0], trader, other)
    rounds(*both, 5)
    land(both[3], trader)
    look_now()
    undone: list[Transaction] = []

    with at(WaitPoint.ASKED, lambda: undone.append(undo(run, 0))):
        advance_runs()
    assert len(undone) == 1
    assert len(states(run)) == 2
    mine_again(undone[0])
    rounds(*both, 6)
    assert (now(run).state, onward(both[3], trader)) == ("succeeded", 1)


def test_a_run_whose_first_step_failed_after_all_is_not_restarted(
    both: Networks, trader: Wallet, other: Wallet
) -> None:
    run = cross(both[0], trader, other)
    rounds(*both, 5)
    land(both[3], trader)
    rounds(*both, 3)
    mine_again(undo(run, 0), "reverted")
    rounds(*both, 6)
    assert now(run).state == "needs_operator"
    with pytest.raises(NotPossible, match="pay the ferry was undone by a reorganisation"):
        restart_run(run_id=run.pk, actor="anna", reason="again")
    give_up_run(run_id=run.pk, actor="anna", reason="seen to by hand")
    assert onward(both[3], trader) == 1


def broken(*_arguments: Any) -> Any:
    """What a bug in an adapter does."""
    raise KeyError("height")


def test_a_wait_whose_look_fails_in_its_own_way_needs_an_operator_once_it_is_late(
    both: Networks, trader: Wallet, other: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = cross(both[0], trader, other)
    rounds(*both, 5)
    monkeypatch.setattr(type(get_action("ferry", "cross")), "look", broken)
    look_now()
    assert "looking failed (KeyError)" in run.steps.get(index=1).detail
    Step.objects.filter(state="waiting").update(overdue_at=timezone.now())
    look_now()
    assert now(run).state == "needs_operator"


def test_what_cannot_be_gone_on_from_needs_an_operator(
    both: Networks, trader: Wallet, other: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = cross(both[0], trader, other)
    rounds(*both, 5)
    monkeypatch.setattr(type(get_action("ferry", "cross")), "go_on", broken)
    land(both[3], trader)
    rounds(*both, 2)
    assert now(run).state == "needs_operator"
    assert "failed (KeyError)" in now(run).detail


def test_the_window_holds_for_what_is_planned_anew_before_the_first_wait(
    both: Networks, trader: Wallet, other: Wallet
) -> None:
    errand(both[0], trader, other, max_fee_ceiling=1, window_seconds=86_400)
    rounds(*both, 2)
    Transaction.objects.update(valid_until=timezone.now())
    rounds(*both, 3)
    row = Transaction.objects.get(state="held")
    assert row.idempotency_key.endswith(":step:4")
    assert row.valid_until is not None


def test_an_allowance_that_a_later_stage_gives_again_is_looked_at_again(
    both: Networks, trader: Wallet, other: Wallet
) -> None:
    run = errand(both[0], trader, other)
    rounds(*both, 5)
    first, last = run.steps.get(index=0), planned_step(run.steps.get(index=2))
    usdc = parse_address(both[1].manifest.l2.token("USDC").contract.address)
    closed = {"run": run, "token": usdc, "spender": other.address, "amount": 1, "look_at": None}
    row = RunAllowance.objects.create(last_use=first, tries=2, **closed)
    approve = Call("approve", usdc, bytes.fromhex(f"095ea7b3{other.address[2:]:0>64}{5:064x}"))
    begin_steps(run, Planned((approve, last), "", ()))
    row.refresh_from_db()
    assert (row.amount, row.tries, row.last_use.index) == (5, 0, 5)
    assert row.look_at is not None


def test_a_restarted_wait_is_looked_for_as_often_as_at_first(
    both: Networks, trader: Wallet, other: Wallet
) -> None:
    run = cross(both[0], trader, other)
    rounds(*both, 5)
    Step.objects.filter(state="waiting").update(overdue_at=timezone.now(), looks=40)
    look_now()
    restart_run(run_id=run.pk, actor="anna", reason="the ferry is in sight")
    advance_runs()
    step = run.steps.get(index=1)
    assert step.looks == 1
    assert step.look_at is not None
    assert step.look_at < timezone.now() + timedelta(seconds=5)


def test_a_step_that_cannot_be_settled_keeps_no_other_from_its_turn(
    both: Networks, trader: Wallet, other: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduling.runs.RUNS_PER_PASS", 1)
    monkeypatch.setattr(type(get_action("ferry", "errand")), "settle", broken)
    stuck, run = errand(both[0], trader, other), cross(both[0], trader, other)
    rounds(*both, 6)
    assert "settling failed (KeyError)" in stuck.steps.get(index=0).detail
    assert states(run) == [("pay the ferry", "settled"), ("landing", "waiting")]


def test_looks_leave_time_for_the_rest_of_the_job(
    both: Networks, trader: Wallet, other: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    cross(both[0], trader, other)
    rounds(*both, 5)
    Step.objects.exclude(look_at=None).update(look_at=timezone.now())
    monkeypatch.setattr("scheduling.waits.SECONDS_PER_PASS", -1.0)
    assert list(look_for_waits()) == []
    assert due_waits().count() == 1
