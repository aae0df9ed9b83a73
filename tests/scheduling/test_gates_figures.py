"""Each gate about figures alone stops a run before it begins, and a signature after."""

import pytest

from tests.market import Market
from tests.scheduling import dangers
from tests.scheduling.dangers import Danger, lift
from tests.scheduling.test_gates import again, signed
from tests.scheduling.trading import run_of, usdc
from wallets.models import Network, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.mark.parametrize(
    "engage",
    [
        dangers.risk_is_high,
        dangers.risk_is_not_known,
        dangers.too_much_was_lost,
        dangers.loss_is_not_known,
        dangers.loss_is_old,
        dangers.costs_are_old,
        dangers.nothing_was_added_up,
        dangers.budget_is_used_up,
        dangers.costs_are_not_known,
        dangers.too_much_of_an_asset,
        dangers.asset_has_no_price,
        dangers.market_is_wild,
        dangers.market_was_read_long_ago,
        dangers.market_is_not_known,
    ],
)
def test_a_gate_alone_stops_a_run_and_a_signature(
    registered: Network, market: Market, trader: Wallet, engage: Danger
) -> None:
    sold = {"token_in": "native", "token_out": usdc(market), "amount": str(2 * 10**16)}
    run = run_of(registered, trader, "swap", sold)
    told = engage(run)
    state, detail = again(run)
    assert (state, detail[: len(told)]) == ("held", told)
    lift()
    assert again(run) == ("running", "")
    told = engage(run)
    state, why, detail = signed(registered)
    assert (state, why, detail[: len(told)]) == ("held", "gate", told)
    lift()
    assert signed(registered) == ("broadcast", "", "")
