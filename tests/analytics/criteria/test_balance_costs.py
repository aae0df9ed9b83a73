"""What a balance that a rule asks for takes: capital, time, and the fee of moving it there."""

from datetime import timedelta
from decimal import Decimal

import pytest

from analytics.criteria.saying import say
from tests import factories
from tests.airdrops_site.test_criteria_pages import ran_for
from tests.analytics.criteria.reached import NOW, a_task, estimate, ground, rules_of
from tests.factories import ETHER, an_address
from wallets.models import Network

pytestmark = [pytest.mark.django_db, pytest.mark.db]

COIN = 'of = "transfers"\nnetwork = "here"\ntoken = ""\nmeasure = '
AVERAGE = f'{COIN}"average"\nsince = 2026-10-02T00:00:00Z'


def received(network: Network, ether: int) -> int:
    """A wallet that got so much of the coin ten days ago, by an explorer's word."""
    row = factories.ChainTransferFactory.create(
        network=network,
        token=None,
        token_address="",
        amount=ether * ETHER,
        block_at=NOW - timedelta(days=10),
        source="explorer",
    )
    return int(row.wallet_id)


def test_a_balance_binds_capital_and_costs_the_fee_of_moving_it() -> None:
    network, _, campaign = ground()
    params = {"to": an_address("friend"), "amount": "1"}
    ran_for(a_task(network, "evm", "transfer", campaign, params=params), ETHER // 1000)
    found = estimate(campaign, rules_of(f'{COIN}"balance"'), "0.5")
    assert found.dollars == 2
    assert say(found) == [
        "about $2.00 (0.001 ETH) for 1 run of transfer of evm, median of one own run; "
        "from another wallet of ours",
        "capital bound, not spent: 0.5 ETH ($1,000.00)",
    ]


@pytest.mark.parametrize(
    ("kind", "snapshot", "missing", "wanted", "amount", "days"),
    [
        # What was there for thirty days is three in all: 60 more in 30 days, less the one held.
        (AVERAGE, "", "2", "3", "4", 30),
        # A snapshot ten days off: what is held is counted to it already; 40 days × 2 in ten.
        (AVERAGE, "2026-11-11", "2", "3", "8", 10),
        (f'{COIN}"token_days"', "", "90", "100", "2", 30),
        (f'{COIN}"token_days"', "2026-11-11", "90", "100", "9", 10),
        (f'{COIN}"token_days"', "", "15", "100", "0", 30),
    ],
)
def test_a_time_weighted_minimum_binds_so_much_for_so_long(
    kind: str, snapshot: str, missing: str, wanted: str, amount: str, days: int
) -> None:
    network, _, campaign = ground(price=None)
    rules = rules_of(kind)
    if snapshot:
        end = NOW + timedelta(days=10)
        rules = rules.model_copy(update={"snapshot": end})
    capital = estimate(campaign, rules, missing, received(network, 1), wanted).capital
    assert capital is not None
    told = (capital.amount, capital.days, capital.dollars)
    assert told == (Decimal(amount), Decimal(days), None)


def test_a_bridge_costs_what_it_kept_beside_the_gas() -> None:
    layer, coin, campaign = ground()
    layer.chain_id = 534_352
    layer.save()
    ethereum = factories.NetworkFactory.create(chain_id=1)
    ether = factories.NativeCoinFactory.create(network=ethereum)
    factories.PriceFactory.create(token=ether, amount=2000, decimals=0)
    task = a_task(ethereum, "scroll", "deposit", campaign, params={"token": "native"})
    ran_for(task, ETHER // 1000)
    step = task.runs.get().steps.get()
    for token, kind, amount in ((ether, "out", ETHER), (coin, "in", ETHER - ETHER // 500)):
        factories.LedgerEntryFactory.create(
            token=token, kind=kind, amount=amount, account="bridge", step=step
        )
    rules = rules_of(f'{COIN}"balance"').model_copy(update={"networks": {"here": 534_352}})
    (part,) = estimate(campaign, rules, "1").parts
    assert (part.task, part.fee.coins, part.fee.dollars) == (
        task,
        {"ETH": Decimal("0.003")},
        Decimal(6),
    )


def test_where_nothing_moves_it_the_capital_is_known_and_the_fee_is_not() -> None:
    _, _, campaign = ground()
    found = estimate(campaign, rules_of(f'{COIN}"balance"'), "0.5")
    assert found.dollars is None
    assert say(found) == [
        "capital bound, not spent: 0.5 ETH ($1,000.00)",
        "cost unknown: no task brings ETH on here to a wallet",
    ]
