"""Each gate alone stops a run before it begins, and a signature after; both go on without it."""

import pytest
from django.utils import timezone

from scheduling.models import Run
from scheduling.runs import advance_runs
from tests.market import Market
from tests.scheduling import gates
from tests.scheduling.gates import Engage, lift
from tests.scheduling.trading import run_of, swap, usdc, work
from wallets.models import Limit, Network, Transaction, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def again(run: Run) -> tuple[str, str]:
    """Where the run is once workers have looked at it, and why."""
    Run.objects.filter(pk=run.pk).update(wake_at=timezone.now())
    advance_runs()
    run.refresh_from_db()
    return run.state, run.detail


def signed(network: Network) -> tuple[str, str, str]:
    """Where its transaction is once its lane has had a turn, and why."""
    work(network)
    row = Transaction.objects.get()
    return row.state, row.hold_reason, row.detail


@pytest.mark.parametrize(
    "engage",
    [
        gates.breaker_is_open,
        gates.outside_the_hours,
        gates.gas_is_dear,
        gates.gas_is_not_known,
        gates.too_little_is_known_of_gas,
    ],
)
def test_a_gate_alone_stops_a_run_and_a_signature(
    registered: Network, trader: Wallet, engage: Engage
) -> None:
    told = engage(registered)
    run = run_of(registered, trader, "wrap", {"amount": "5"})
    assert again(run) == ("held", told)
    assert not Transaction.objects.exists()
    lift()
    assert again(run) == ("running", "")
    told = engage(registered)
    assert signed(registered) == ("held", "gate", told)
    lift()
    assert signed(registered) == ("broadcast", "", "")


def test_slippage_above_the_limit_stops_a_swap_and_nothing_else(
    registered: Network, market: Market, trader: Wallet
) -> None:
    told = gates.too_much_slippage(registered)
    run = swap(registered, market, trader)
    assert again(run) == ("held", told)
    other = run_of(registered, trader, "wrap", {"amount": "5"})
    assert again(other)[0] == "running"
    Limit.objects.update(amount=50)
    assert again(run) == ("running", "")


def test_the_swap_itself_is_held_when_the_limit_comes_after_its_approval(
    registered: Network, market: Market, trader: Wallet
) -> None:
    sold = {"token_in": "native", "token_out": usdc(market), "amount": str(10**15)}
    run = run_of(registered, trader, "swap", sold)
    assert again(run)[0] == "running"
    told = gates.too_much_slippage(registered)
    assert signed(registered) == ("held", "gate", told)
