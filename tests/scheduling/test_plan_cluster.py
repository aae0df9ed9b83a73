"""The real thing: a real qcluster carries a plan out, and is killed meanwhile."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from scheduling.models import Plan
from scheduling.plans.services import approve_plan, run_plan
from tests.factories import an_address
from tests.factories.recipients import AddressBookEntryFactory
from tests.market import Market
from tests.processes import eventually, manage
from tests.scheduling.plans import (
    MAKES,
    allow_alone,
    coin,
    draft,
    made_by,
    paid_on_chain,
    pay,
    person,
)
from wallets.models import Network, Transaction, Wallet

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.db]
LINES = 12


@pytest.fixture
def mining(market: Market) -> Iterator[None]:
    """A block a second."""
    market.rpc.call("evm_setIntervalMining", 1)
    yield
    market.rpc.call("evm_setIntervalMining", 0)


def some_sent() -> bool:
    connection.close()
    return Transaction.objects.filter(attempts__times_sent__gt=0).exists()


def is_done() -> bool:
    connection.close()
    return Plan.objects.filter(state="done").exists()


def test_workers_killed_meanwhile_pay_every_line_once(
    registered: Network, market: Market, trader: Wallet, mining: None, tmp_path: Path
) -> None:
    eth, ann, log = coin(registered), made_by(person("ann", *MAKES)), tmp_path / "workers.log"
    allow_alone(1_000, eth)
    wanted = {an_address(f"paid {number}"): number for number in range(1, LINES + 1)}
    for address in wanted:
        AddressBookEntryFactory.create(address=address, confirmed=True)
    plan = draft([pay(trader, to, eth, amount) for to, amount in wanted.items()], ann)
    run_plan(plan=approve_plan(plan=plan, maker=ann), maker=ann)
    with manage("qcluster", log=log) as process:
        assert eventually(some_sent), log.read_text()
        os.killpg(process.pid, signal.SIGKILL)
    with manage("qcluster", log=log):
        assert eventually(is_done), log.read_text()
    paid = sorted(paid_on_chain(market, trader.address))
    assert paid == sorted((address.lower(), amount) for address, amount in wanted.items())
