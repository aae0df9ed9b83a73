"""Workers that look at the same allowance at once ask for one revocation."""

import pytest

from scheduling.allowances import take_back
from scheduling.models import Run
from scheduling.runs import start_run
from tests.market import Market
from tests.scheduling.trading import revocations, swap
from tests.threads import workers
from wallets.models import Network, Wallet

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def test_many_that_take_back_ask_once(left: Run) -> None:
    with workers(6) as submit:
        for done in [submit(take_back) for _ in range(6)]:
            done.result(timeout=60)
    assert len(revocations()) == 1


@pytest.mark.parametrize("_round", range(3))
def test_a_run_and_a_revocation_that_begin_at_once_do_not_both_go_on(
    left: Run, registered: Network, market: Market, trader: Wallet, _round: int
) -> None:
    second = swap(registered, market, trader)
    with workers(2) as submit:
        for done in [submit(start_run, second), submit(take_back)]:
            done.result(timeout=60)
    second.refresh_from_db()
    assert (second.state, len(revocations())) in {("running", 0), ("held", 1)}
