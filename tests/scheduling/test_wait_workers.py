"""Two workers that each settle a step of one run, which a reorganisation had sent back."""

from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from scheduling import runs
from scheduling.models import Run, Step
from tests.chains import Chain
from tests.market import Market
from tests.scheduling.ferry import cross, land, rounds
from tests.threads import workers
from wallets import transitions
from wallets.models import Network, Receipt, Transaction, Wallet
from wallets.services import create_keystore_wallet, verify_wallet

pytestmark = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.postgresql,
    pytest.mark.usefixtures("ferry"),
]


def sent_back(run: Run) -> list[Step]:
    """Its calls are with the chain again, and mined there."""
    Run.objects.filter(pk=run.pk).update(state="running", wake_at=None)
    Step.objects.filter(run=run, kind="call").update(state="submitted")
    Transaction.objects.update(state="final", outcome="succeeded")
    Receipt.objects.update(canonical=True)
    related = ("run__task__protocol", "run__task__network", "run__wallet", "transaction__network")
    return list(Step.objects.filter(run=run, kind="call").select_related(*related))


def test_the_run_goes_on_when_two_settle_at_once(
    registered: Network,
    market: Market,
    network: Network,
    chain: Chain,
    trader: Wallet,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = verify_wallet(wallet=create_keystore_wallet(label="other", scrypt_n=2))
    run = cross(registered, trader, other)
    rounds(registered, market, network, chain, 5)
    land(chain, trader)
    rounds(registered, market, network, chain, 6)
    steps, together = sent_back(run), Barrier(2)

    def move(*arguments: Any, **fields: Any) -> Any:
        done = transitions.move(*arguments, **fields)
        with suppress(BrokenBarrierError):
            together.wait(timeout=2)
        return done

    monkeypatch.setattr("scheduling.runs.move", move)
    with workers(2) as submit:
        for done in [submit(runs.finish_step, step) for step in steps]:
            done.result(timeout=60)
    assert Run.objects.get(pk=run.pk).wake_at is not None
