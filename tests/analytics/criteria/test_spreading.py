"""What contracts and protocols that a wallet has not used yet would cost."""

from decimal import Decimal

import pytest

from analytics.criteria.saying import say
from scheduling.models import Task
from tests import factories
from tests.analytics.criteria.reached import NOW, a_task, estimate, ground, ran, rules_of
from tests.factories import ETHER, an_address

pytestmark = [pytest.mark.django_db, pytest.mark.db]

CONTRACTS = 'of = "transactions"\nmeasure = "contracts"\nnetworks = ["here"]\nto_contract = true'
PROTOCOLS = 'of = "transactions"\nmeasure = "protocols"\nnetworks = ["here"]'
CHEAP, DEAR = ETHER // 1000, ETHER // 100


def used(task: Task, contract: str) -> int:
    """A wallet that has called the contract."""
    row = factories.ChainTransactionFactory.create(
        network=task.network, recipient=an_address(contract), block_at=NOW.replace(month=1)
    )
    return int(row.wallet_id)


def test_the_cheapest_tasks_that_call_contracts_the_wallet_has_not_used() -> None:
    network, _, campaign = ground()
    swap = a_task(network, "evm", "swap", campaign)
    lend, stake = a_task(network, "aave", "supply", campaign), a_task(network, "own", "stake")
    for task, wei, contract in ((swap, CHEAP, "a"), (lend, DEAR, "b"), (stake, CHEAP, "c")):
        ran(task, wei, contract)
    found = estimate(campaign, rules_of(CONTRACTS), "2", used(swap, "a"))
    assert [(part.task, part.fee.dollars, part.linked) for part in found.parts] == [
        (stake, Decimal(2), False),
        (lend, Decimal(20), True),
    ]
    assert say(found)[:2] == [
        "about $22.00 (0.011 ETH) for 2 of what is missing by 2 tasks, the cheapest first",
        "about $2.00 (0.001 ETH) for 1 run of stake of own, median of one own run"
        " (a task that is not of this campaign)",
    ]


def test_what_no_task_reaches_is_unknown_beside_what_the_others_cost() -> None:
    network, _, campaign = ground()
    swap = a_task(network, "evm", "swap", campaign)
    ran(swap, CHEAP, "a")
    factories.DeploymentFactory.create(
        network=network, protocol=factories.ProtocolFactory.create(slug="aave")
    )
    found = estimate(campaign, rules_of(CONTRACTS), "3")
    assert (found.dollars, found.known_dollars) == (None, Decimal(2))
    assert found.problem == (
        "no task here surely reaches 2 contracts more that the wallet has not used; "
        "there is no task of aave"
    )


def test_a_task_that_never_ran_reaches_what_its_action_may_call_by_the_registry() -> None:
    network, _, campaign = ground()
    swap = a_task(network, "evm", "swap", campaign)
    router = {"network": network, "role": "uniswap_v2_router", "protocol": swap.protocol}
    row = factories.DeploymentFactory.create(address=an_address("router"), **router)
    rules = rules_of(CONTRACTS)
    (part,) = estimate(campaign, rules, "1").parts
    assert (part.task, part.fee.dollars) == (swap, None)
    assert part.fee.problem == "evm/swap was not run in 90 days"
    assert not estimate(campaign, rules, "1", used(swap, "router")).parts
    row.enabled = False
    row.save()
    assert not estimate(campaign, rules, "1").parts


def test_without_a_price_the_fee_is_known_in_coins_alone() -> None:
    network, _, campaign = ground(price=None)
    ran(a_task(network, "evm", "swap", campaign), CHEAP, "a")
    (line,) = say(estimate(campaign, rules_of(CONTRACTS), "1"))
    assert line == (
        "about 0.001 ETH (in USD unknown: the price of ETH is not known now) for 1 run of swap of"
        " evm, median of one own run"
    )


def test_a_run_elsewhere_is_estimated_at_what_gas_costs_here() -> None:
    network, _, campaign = ground()
    factories.GasReadingFactory.create(network=network, price=20_000_000)
    a_task(network, "evm", "transfer", campaign)
    ran(a_task(factories.NetworkFactory.create(), "evm", "transfer", name="there"), CHEAP, "a")
    (part,) = estimate(campaign, rules_of(PROTOCOLS), "1").parts
    assert part.fee.basis == "gas of one own run elsewhere at 0.02 gwei, now"
    assert part.fee.coins == {"ETH": Decimal("0.00002")}  # a million gas


def test_protocols_cost_the_cheapest_task_of_each_not_used_yet() -> None:
    network, _, campaign = ground()
    dear, cheap = a_task(network, "evm", "swap"), a_task(network, "evm", "wrap")
    lend, own = a_task(network, "aave", "supply"), a_task(network, "own", "stake")
    for place, (task, wei) in enumerate(((dear, DEAR), (cheap, CHEAP), (lend, DEAR), (own, 1))):
        ran(task, wei, f"contract {place}")
    row = factories.ChainTransactionFactory.create(
        network=network, protocol="own", block_at=NOW.replace(month=1)
    )
    found = estimate(campaign, rules_of(PROTOCOLS), "2", row.wallet_id)
    assert [part.task for part in found.parts] == [cheap, lend]
