"""Which tasks bring a wallet further by a metric."""

import pytest

from analytics.criteria.costs import serves
from analytics.criteria.library import get_rule_set
from tests import factories

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
