"""The real thing: a real qcluster takes back what a run left."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from scheduling.models import Run, RunAllowance
from tests.market import Market
from tests.processes import eventually, manage
from tests.scheduling.trading import allowed, revocations
from wallets.models import Wallet

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.db]


@pytest.fixture
def mining(market: Market) -> Iterator[None]:
    """A block a second."""
    market.rpc.call("evm_setIntervalMining", 1)
    yield
    market.rpc.call("evm_setIntervalMining", 0)


def _settled() -> bool:
    connection.close()
    return not RunAllowance.objects.exclude(look_at=None).exists()


def test_workers_take_back_what_a_run_left(
    left: Run, market: Market, trader: Wallet, mining: None, tmp_path: Path
) -> None:
    log = tmp_path / "workers.log"
    with manage("qcluster", log=log):
        assert eventually(_settled), log.read_text()
    assert (allowed(market, trader), len(revocations())) == (0, 1)
