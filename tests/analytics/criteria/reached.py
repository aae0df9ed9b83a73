"""Tasks that call contracts, and a campaign that asks for some."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pytest_django import Settings

from analytics.criteria.costs import Costs, costs_of
from analytics.criteria.estimates import Estimate
from analytics.criteria.library import parse_rule_set
from analytics.criteria.recording import evaluate_campaign
from analytics.criteria.rule_sets import RuleSet
from analytics.models import Campaign
from protocols.models import Protocol
from scheduling.models import Task
from tests import factories
from tests.airdrops_site.test_criteria_pages import ran_for
from tests.factories import an_address
from wallets.models import Network, Token

NOW = datetime(2026, 11, 1, tzinfo=UTC)
HEAD = """
slug = "reached"
version = 1
title = "Reached"
source = "https://example.org"
confidence = "approximate"
[networks]
here = 31337
"""


def rules_of(kind: str, more: str = "", when: str = "wanted >= 3") -> RuleSet:
    """One metric `wanted` of this kind, and a rule that asks for it."""
    text = f'{HEAD}{more}[metrics.wanted]\n{kind}\n[[rules]]\nname = "r"\nwhen = "{when}"\n'
    told = f'{text}text = "r"\n[totals]\npoints = "given(\\"points\\")"\n'
    return parse_rule_set(told.encode(), "told", own=True).rules


def ground(price: int | None = 2000) -> tuple[Network, Token, Campaign]:
    """A network, its priced coin, and a campaign."""
    network = factories.NetworkFactory.create(chain_id=31337, slug="here", name="Here")
    coin = factories.NativeCoinFactory.create(network=network)
    if price is not None:
        factories.PriceFactory.create(token=coin, amount=price, decimals=0)
    return network, coin, factories.CampaignFactory.create(slug="season")


def a_task(
    network: Network, protocol: str, action: str, campaign: Campaign | None = None, **more: Any
) -> Task:
    """Of a protocol that is enabled there; without a campaign it is of none."""
    row: Protocol = factories.ProtocolFactory.create(slug=protocol)
    row.networks.add(network)
    name = f"{action} of {protocol}"
    values = {"name": name, "action": action, "params": {}, **more}
    task: Task = factories.TaskFactory.create(protocol=row, network=network, **values)
    if campaign is not None:
        campaign.tasks.add(task)
    return task


def ran(task: Task, wei: int, contract: str) -> None:
    """A run of it called the contract, and cost so much."""
    called = {"protocol": task.protocol.slug, "action": task.action, "selector": "0x12345678"}
    ran_for(task, wei, to=an_address(contract), **called)


def estimate(
    campaign: Campaign, rules: RuleSet, missing: str, wallet: int = 0, wanted: str = ""
) -> Estimate:
    """Of the metric `wanted`."""
    costs: Costs = costs_of(campaign, rules, [wallet], now=NOW)
    kind, asked = rules.metrics["wanted"], Decimal(wanted or missing)
    return costs.estimate("wanted", kind, Decimal(missing), wallet=wallet, wanted=asked)


def evaluated(
    campaign: Campaign,
    folder: Path,
    settings: Settings,
    kind: str,
    when: str,
    chain_id: int = 31337,
) -> None:
    """By a rule `r` that asks for the metric `wanted`, of all wallets there are."""
    settings.CRITERIA_DIR = folder
    rule = f'[[rules]]\nname = "r"\ntext = "r"\nwhen = "wanted >= {when}"\n'
    totals = '[totals]\npoints = "given(\\"points\\")"\n'
    head = HEAD.replace("31337", str(chain_id))
    (folder / "reached.toml").write_text(f"{head}[metrics.wanted]\n{kind}\n{rule}{totals}")
    campaign.criteria = "reached"
    campaign.save()
    evaluate_campaign(campaign=campaign, actor="ann", assume_complete=True)
