"""Which tasks bring a wallet further by a metric."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from analytics.criteria.costs import costs_of, serves
from analytics.criteria.library import get_rule_set
from tests import factories

# Before the snapshot of Arbitrum.
BEFORE = datetime(2023, 1, 1, tzinfo=UTC)
pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.mark.parametrize(
    ("chain", "action", "metric", "does"),
    [
        (42161, "transfer", "one_transactions", True),
        (42161, "swap", "one_contracts", True),
        (42161, "transfer", "one_contracts", False),  # no contract is called
        (1, "swap", "one_bridgings", False),  # only calls of the bridge count
        (1, "transfer", "one_transactions", False),
    ],
)
def test_a_task_serves_what_its_runs_count_for(
    chain: int, action: str, metric: str, does: bool
) -> None:
    network = factories.NetworkFactory.create(chain_id=chain)
    task = factories.TaskFactory.create(network=network)
    task.action = action
    rules = get_rule_set("arbitrum-2023").rules
    assert serves(task, rules.metrics[metric], rules) is does


def test_only_a_deposit_serves_what_counts_bridging() -> None:
    network = factories.NetworkFactory.create(chain_id=1)
    task = factories.TaskFactory.create(network=network)
    rules = get_rule_set("optimism-1").rules
    for protocol, action, does in (("zksync", "deposit-token", True), ("aave", "swap", False)):
        task.protocol.slug, task.action = protocol, action
        assert serves(task, rules.metrics["bridged_days"], rules) is does


def test_volume_costs_the_fees_that_a_dollar_of_it_has_cost() -> None:
    network = factories.NetworkFactory.create(chain_id=42161)
    campaign, task = (
        factories.CampaignFactory.create(),
        factories.TaskFactory.create(network=network),
    )
    campaign.tasks.add(task)
    rules = get_rule_set("arbitrum-2023").rules
    kind = rules.metrics["one_volume"]
    for fee, volume in ((30, 10_000), (10, 10_000), (None, 50_000), (900, None)):
        factories.ChainTransactionFactory.create(
            network=network,
            protocol=task.protocol.slug,
            action=task.action,
            fee_cents=fee,
            volume_cents=volume,
            block_at=timezone.now(),
        )
    # Forty cents for two hundred dollars; what lacks a price says nothing.
    found = costs_of(campaign, rules, [], now=BEFORE).estimate(
        "one_volume", kind, Decimal(50_000), wallet=0, wanted=Decimal(50_000)
    )
    assert (found.dollars, found.runs, found.task) == (Decimal(100), None, task)


def test_what_counted_until_a_moment_of_the_past_costs_nothing_that_would_help() -> None:
    rules = get_rule_set("arbitrum-2023").rules
    costs = costs_of(factories.CampaignFactory.create(), rules, [], now=BEFORE)
    kind, one = rules.metrics["one_transactions"], Decimal(1)
    found = costs.estimate("nitro.one_transactions", kind, one, wallet=0, wanted=one)
    assert (found.parts, found.problem) == ((), "what counts has ended")
