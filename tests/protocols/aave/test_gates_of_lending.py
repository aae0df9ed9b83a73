"""Gates about loans and shares hold what grows a position, and nothing that takes it back."""

import pytest

from protocols.models import PositionReading, PositionRow
from protocols.position_readings import read_positions
from scheduling.models import Run
from scheduling.position_watch import watch_new_positions
from tests.aave import AaveMarket
from tests.factories import EquityPointFactory
from tests.market import Market
from tests.protocols.operators import USDC
from tests.scheduling.conftest import trader as trader
from tests.scheduling.dangers import prices
from tests.scheduling.gates import limit
from tests.scheduling.test_gates import again
from tests.scheduling.trading import one_round, run_of, until_ended, work
from tests.scheduling.trading import usdc as usdc_of
from wallets.models import Limit, Network, Transaction, Wallet

pytestmark = pytest.mark.django_db


def lend(network: Network, market: Market, wallet: Wallet, action: str, dollars: int) -> Run:
    """A run of Aave's with USDC."""
    asked = {"asset": usdc_of(market), "amount": str(dollars * USDC)}
    return run_of(network, wallet, action, asked, protocol="aave")


def last_signed(network: Network, market: Market) -> tuple[str, str]:
    """Where the run's second transaction is, once the first is mined."""
    for _ in range(5):
        one_round(network, market)
    row = Transaction.objects.order_by("-pk")[0]
    return row.state, row.detail


def test_a_protocol_that_would_hold_too_much_gets_no_more_and_gives_back(
    registered: Network, market: Market, aave: AaveMarket, trader: Wallet
) -> None:
    prices(registered)
    share = limit("max_protocol_share", 3_000)
    run = lend(registered, market, trader, "supply", 11)
    state, unknown = again(run)
    assert (state, "unknown: nothing was added up yet" in unknown) == ("held", True)
    EquityPointFactory.create(cents=10_000, parts={"protocols": {"aave": 2_000}})
    told = (
        "aave would hold 31.00 % of all value (31.00 USD of 100.00 USD), the limit “Share of all "
        "value in a protocol, basis points for everything” is 30.00 %; take something out, or ask "
        "for less"
    )
    assert again(run) == ("held", told)
    Limit.objects.update(amount=3_100)
    assert again(run) == ("running", "")
    Limit.objects.update(amount=3_000)
    assert last_signed(registered, market) == ("held", told)
    share.delete()
    until_ended(registered, market)
    limit("max_protocol_share", 1)
    assert again(lend(registered, market, trader, "withdraw", 11)) == ("running", "")


def test_debts_near_liquidation_keep_back_what_could_bring_it_nearer(
    registered: Network, market: Market, aave: AaveMarket, trader: Wallet
) -> None:
    for action, dollars in (("supply", 80), ("borrow", 40)):
        lend(registered, market, trader, action, dollars)
        until_ended(registered, market)
    limit("min_health_factor", 20_000)
    run = lend(registered, market, trader, "borrow", 1)
    unknown = "the health factor of trader in aave on devnet-l2 is unknown: it was not read yet"
    assert again(run) == ("held", unknown)
    reading = PositionReading.objects.get(protocol__slug="aave")
    assert read_positions(reading)
    assert abs((PositionReading.objects.get().health_factor or 0) - 16_500) <= 1
    assert again(run)[1].startswith("the health factor of trader in aave on devnet-l2 is 1.6")
    assert again(lend(registered, market, trader, "repay", 40))[0] == "running"


def test_what_an_adapter_says_is_kept_and_what_fails_keeps_it(
    registered: Network, market: Market, aave: AaveMarket, trader: Wallet
) -> None:
    lend(registered, market, trader, "supply", 80)
    assert watch_new_positions() == 1
    until_ended(registered, market)
    reading = PositionReading.objects.get()
    assert reading.changed_at is not None
    assert read_positions(reading)
    (row,) = PositionRow.objects.all()
    assert (row.kind, row.token, row.amount) == ("supplied", usdc_of(market), 80 * USDC)
    registered.endpoints.update(enabled=False)
    assert not read_positions(reading)
    reading.refresh_from_db()
    assert (reading.whole, reading.rows.count()) == (False, 1)
    assert reading.problem


def test_a_health_factor_from_before_a_run_is_not_relied_on(
    registered: Network, market: Market, aave: AaveMarket, trader: Wallet
) -> None:
    lend(registered, market, trader, "supply", 80)
    until_ended(registered, market)
    limit("min_health_factor", 20_000)
    assert read_positions(PositionReading.objects.get())
    lend(registered, market, trader, "borrow", 40)
    until_ended(registered, market)
    told = "the health factor of trader in aave on devnet-l2 is unknown: a run may have changed it"
    assert again(lend(registered, market, trader, "borrow", 1))[1].startswith(told)


def test_one_run_at_a_time_does_what_may_lower_a_health_factor(
    registered: Network, market: Market, aave: AaveMarket, trader: Wallet
) -> None:
    lend(registered, market, trader, "supply", 80)
    until_ended(registered, market)
    limit("min_health_factor", 11_000)
    assert read_positions(PositionReading.objects.get())
    for _ in range(2):
        lend(registered, market, trader, "borrow", 30)
    work(registered)
    work(registered)
    rows = Transaction.objects.filter(action="borrow").order_by("pk")
    assert [row.state for row in rows] == ["broadcast", "held"]
    assert f"is unknown: run {rows[0].step.run_id} may change it now" in rows[1].detail
