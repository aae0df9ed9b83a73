"""Cancelling a run at every point of its way, and the timeline that tells of it."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from scheduling.cancelling import cancel_run
from scheduling.models import Run, Step
from scheduling.runs import advance_runs
from scheduling.timeline import timeline_of
from tests import factories
from tests.airdrops_site.guides import run as manage
from tests.chains import Chain
from tests.market import Market
from tests.protocols.operators import ETHER
from tests.scheduling.ferry import cross, rounds
from tests.scheduling.plans import new_wallet
from tests.scheduling.tasks import payer, paying, turn
from tests.scheduling.tasks import run_of as latest
from tests.scheduling.trading import one_round, run_of, swap, until_allowed, until_ended
from wallets.models import Installation, Network, NonceLane, Transaction, Wallet
from wallets.transactions.operator import NotPossible
from wallets.transactions.tick import tick

pytestmark = [pytest.mark.django_db, pytest.mark.db]
WHO: Any = {"actor": "shell test", "reason": "not wanted"}
OFFERED = {"gas_limit": 21_000, "reserved_max_fee": 1, "reserved_tip": 1, "reserved_l1_fee": 0}
TOLD = "cancelled by shell test: not wanted"


def states(run: Run) -> list[str]:
    """Of its steps, in order."""
    return list(Step.objects.filter(run=run).order_by("index").values_list("state", flat=True))


@pytest.mark.parametrize("state", ["pending", "held"])
def test_what_has_not_begun_ends_at_once(db: None, state: str) -> None:
    run = factories.RunFactory.create(state=state, wake_at=timezone.now())
    cancel_run(run_id=run.pk, **WHO)
    run.refresh_from_db()
    assert (run.state, run.detail, run.wake_at) == ("cancelled", TOLD, None)


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled"])
def test_what_is_over_is_not_cancelled(db: None, state: str) -> None:
    run = factories.RunFactory.create(state=state)
    with pytest.raises(NotPossible, match=f"is {state}: there is nothing left to cancel"):
        cancel_run(run_id=run.pk, **WHO)


def test_an_unsigned_transaction_ends_with_its_run(
    registered: Network, market: Market, trader: Wallet
) -> None:
    run = swap(registered, market, trader)
    advance_runs()
    cancel_run(run_id=run.pk, **WHO)
    run.refresh_from_db()
    assert (run.state, states(run)) == ("cancelled", ["cancelled", "cancelled"])
    assert Transaction.objects.get().state == "cancelled"
    one_round(registered, market)
    assert market.rpc.call("eth_getTransactionCount", trader.address, "latest") == "0x0"


def test_what_is_signed_is_watched_and_nothing_follows_it(
    registered: Network, market: Market, trader: Wallet
) -> None:
    run = swap(registered, market, trader)
    advance_runs()
    tick(NonceLane.objects.get().pk)
    assert cancel_run(run_id=run.pk, **WHO).state == "running"
    until_ended(registered, market)
    run.refresh_from_db()
    assert (run.state, run.detail, states(run)) == ("cancelled", TOLD, ["settled", "cancelled"])
    assert Transaction.objects.exclude(action="revoke").count() == 1


def test_what_is_signed_is_cancelled_on_chain_when_asked(
    registered: Network, market: Market, trader: Wallet
) -> None:
    run = run_of(registered, trader, "wrap", {"amount": str(ETHER)})
    advance_runs()
    lane = NonceLane.objects.get()
    tick(lane.pk)
    cancel_run(run_id=run.pk, **WHO, and_pending=True)
    tick(lane.pk)
    until_ended(registered, market)
    run.refresh_from_db()
    assert run.state == "cancelled"
    assert run.detail.startswith(TOLD)
    assert Transaction.objects.get().outcome == "replaced"


def test_a_run_that_waits_is_cancelled_only_by_giving_it_up(
    ferry: None, registered: Network, market: Market, network: Network, chain: Chain, keystores: Any
) -> None:
    trader, other = (new_wallet(label, market, ETHER) for label in ("trader", "other"))
    run = cross(registered, trader, other)
    rounds(registered, market, network, chain, 4)
    with pytest.raises(NotPossible, match="say that you give it up"):
        cancel_run(run_id=run.pk, **WHO)
    code, _ = manage(f'manage.py runs cancel {run.pk} --reason "seen to by hand" --give-up')
    run.refresh_from_db()
    assert (code, run.state, states(run)) == (0, "cancelled", ["settled", "cancelled"])


def test_the_timeline_tells_all_in_order_with_two_questions(
    registered: Network, market: Market, trader: Wallet
) -> None:
    run = swap(registered, market, trader)
    until_allowed(registered, market, trader)
    cancel_run(run_id=run.pk, **WHO)
    with CaptureQueriesContext(connection) as asked:
        moments = timeline_of(run)
    assert len(asked) == 2
    assert [one.at for one in moments] == sorted(one.at for one in moments)
    assert (moments[0].what, moments[0].to_state, moments[0].reason) == ("run", "pending", "due")
    kinds = {one.what.partition(" ")[0] for one in moments}
    assert kinds == {"run", "step", "transaction"}
    assert (moments[-1].reason, moments[-1].actor) == (TOLD, "shell test")


def test_the_command_and_the_page_tell_it(admin_client: Any, db: None) -> None:
    run = factories.RunFactory.create(state="held")
    cancel_run(run_id=run.pk, **WHO)
    facts = json.loads(manage(f"manage.py runs show {run.pk} --json")[1])
    assert [one["to_state"] for one in facts["timeline"]] == ["cancelled"]
    page = admin_client.get(f"/admin/scheduling/run/{run.pk}/change/").content.decode()
    assert TOLD in page


@pytest.mark.usefixtures("errands")
def test_what_a_signer_has_not_answered_yet_is_not_signed_any_more() -> None:
    task = paying(payer())
    turn()
    Transaction.objects.update(state="reserved", nonce=0, **OFFERED)
    run = cancel_run(run_id=latest(task).pk, **WHO)
    assert (run.state, Transaction.objects.get().state) == ("running", "voided")
    advance_runs()
    run.refresh_from_db()
    assert (run.state, states(run)) == ("cancelled", ["failed"])


@pytest.mark.usefixtures("errands")
def test_after_a_restore_what_is_reserved_may_be_on_chain_and_is_watched() -> None:
    task = paying(payer())
    turn()
    Transaction.objects.update(state="reserved", nonce=0, **OFFERED)
    Installation.objects.update(paused=True)
    assert cancel_run(run_id=latest(task).pk, **WHO).state == "running"
    assert Transaction.objects.get().state == "reserved"
