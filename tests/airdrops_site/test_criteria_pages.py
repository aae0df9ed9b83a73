"""Where each wallet stands: what the page says, and what its buttons do."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from analytics.criteria.library import get_rule_set
from analytics.criteria.recording import evaluate_campaign
from analytics.models import Campaign
from scheduling.models import Task
from tests import factories
from tests.airdrops_site.desk import make_people
from tests.analytics.criteria.told import History
from tests.factories import ETHER, GWEI, an_address

pytestmark = [pytest.mark.django_db, pytest.mark.db]

RULES = """
slug = "our-season"
version = 1
title = "A season of ours"
source = "https://example.org/season"
confidence = "approximate"
[networks]
here = 31337
[metrics.transactions]
of = "transactions"
text = "Transactions"
networks = ["here"]
[metrics.weeks]
of = "transactions"
text = "Active weeks"
measure = "weeks"
networks = ["here"]
[metrics.badge]
of = "fact"
text = "Badge"
fact = "season-badge"
most = 1
[[rules]]
name = "three"
text = "Three transactions"
when = "transactions >= 3"
[[rules]]
name = "ten"
text = "Ten transactions"
when = "transactions >= 10"
[[rules]]
name = "two_weeks"
text = "Active in two weeks"
when = "weeks >= 2"
[[rules]]
name = "badge_holder"
text = "Holds the badge"
when = "badge >= 1"
[totals]
points = "given(\\"points\\")"
"""


def season(folder: Path, settings: Settings, wallets: int = 2, rules: str = RULES) -> Campaign:
    """A campaign with rules of its own; the first wallet has one transaction, others none."""
    make_people(folder)
    settings.CRITERIA_DIR = folder
    (folder / "season.toml").write_text(rules)
    network = factories.NetworkFactory.create(chain_id=31337, slug="here", name="Here")
    campaign = factories.CampaignFactory.create(slug="season", criteria="our-season")
    params = {"to": an_address("friend"), "amount": "1"}
    task = factories.TaskFactory.create(name="a transfer", network=network, params=params)
    campaign.tasks.add(task)
    for number in range(wallets):
        told = History.of(get_rule_set("our-season").rules)
        if number == 0:
            told.sent("here", "2026-01-05")
    evaluate_campaign(campaign=campaign, actor="ann")
    return campaign


def ran_for(task: Task, wei: int, **called: Any) -> None:
    """A run of the task that cost so much; `called` is said of its transaction."""
    run = factories.RunFactory.create(occurrence__task=task, task=task, state="succeeded")
    receipt = factories.ReceiptFactory.create(
        fee=wei,
        gas_used=wei // GWEI,
        block_at=timezone.now(),
        attempt__transaction__lane__network=task.network,
        **{f"attempt__transaction__{name}": value for name, value in called.items()},
    )
    factories.StepFactory.create(run=run, transaction=receipt.transaction)


@pytest.fixture
def campaign(tmp_path: Path, settings: Settings) -> Campaign:
    return season(tmp_path, settings)


@pytest.fixture
def ann(client: Client, campaign: Campaign) -> Client:
    client.force_login(User.objects.get(username="ann"))
    return client


def page_of(client: Client) -> str:
    return client.get("/admin/criteria/season/").content.decode()


def test_it_says_what_is_reached_missing_and_unknown(ann: Client) -> None:
    page = page_of(ann)
    assert "Transactions: 1 (asked: &gt;= 3)" in page
    assert "<strong>2 missing</strong>" in page
    assert "Badge: 0 … 1" in page
    assert "cost of 2 runs of a transfer unknown: evm/transfer was not run in 90 days" in page


def test_the_cost_is_that_of_own_past_runs(ann: Client, campaign: Campaign) -> None:
    task = campaign.tasks.get()
    coin = factories.NativeCoinFactory.create(network=task.network)
    factories.PriceFactory.create(token=coin, amount=2000, decimals=0)
    for wei in (ETHER // 1000, ETHER // 500, ETHER // 10):
        ran_for(task, wei)
    # The median, 0.002 coins at $2,000, twice.
    said = "about $8.00 (0.004 ETH) for 2 runs of a transfer, median of 3 own runs"
    assert said in page_of(ann)


def test_tasks_are_made_switched_off_and_for_each_number_of_runs(
    ann: Client, campaign: Campaign
) -> None:
    template = campaign.tasks.get()
    ann.post("/admin/criteria/season/tasks/", {"rule": "three", "template": template.pk})
    made = campaign.tasks.exclude(pk=template.pk).order_by("name")
    assert [(one.max_occurrences, one.enabled, one.wallets.count()) for one in made] == [
        (2, False, 1),
        (3, False, 1),
    ]
    assert {one.changed_by.username for one in made if one.changed_by} == {"ann"}
    again = ann.post(
        "/admin/criteria/season/tasks/", {"rule": "three", "template": template.pk}, follow=True
    )
    assert "already" in again.content.decode()
    assert campaign.tasks.count() == 3


def test_weeks_become_one_run_a_week(ann: Client, campaign: Campaign) -> None:
    template = campaign.tasks.get()
    ann.post("/admin/criteria/season/tasks/", {"rule": "two_weeks", "template": template.pk})
    one = campaign.tasks.filter(max_occurrences=1).get()
    assert (one.schedule, one.cron) == ("cron", "0 12 * * 1")


def test_ten_in_each_week_become_ten_a_week(
    ann: Client, campaign: Campaign, tmp_path: Path
) -> None:
    busy = RULES.replace('measure = "weeks"', 'measure = "weeks"\nat_least = 10')
    (tmp_path / "season.toml").write_text(busy)
    evaluate_campaign(campaign=campaign, actor="ann")
    template = campaign.tasks.get()
    ann.post("/admin/criteria/season/tasks/", {"rule": "two_weeks", "template": template.pk})
    one = campaign.tasks.exclude(pk=template.pk).get()
    assert (one.max_occurrences, one.interval_seconds) == (20, 7 * 86_400 // 10)


def test_who_may_only_look_makes_and_evaluates_nothing(client: Client, campaign: Campaign) -> None:
    viewer = factories.UserFactory.create()
    viewer.groups.add(Group.objects.get(name="viewer"))
    client.force_login(viewer)
    assert client.get("/admin/criteria/season/").status_code == 200
    assert client.post("/admin/criteria/season/evaluate/").status_code == 403
    assert client.post("/admin/criteria/season/tasks/").status_code == 403


MORE = """
[metrics.contracts]
of = "transactions"
measure = "contracts"
networks = ["here"]
[metrics.held]
of = "transfers"
measure = "average"
network = "here"
token = ""
since = 2026-01-01T00:00:00Z
[[rules]]
name = "many"
text = "Five contracts"
when = "contracts >= 5"
[[rules]]
name = "rich"
text = "An ether on average"
when = "held >= 1"
"""
MANY = RULES.replace("[totals]", f"{MORE}[totals]")


def test_the_page_asks_as_much_for_two_wallets_as_for_twenty(
    client: Client, tmp_path: Path, settings: Settings
) -> None:
    campaign = season(tmp_path, settings, wallets=20, rules=MANY)
    task = campaign.tasks.get()
    task.protocol.networks.add(task.network)
    factories.NativeCoinFactory.create(network=task.network)
    client.force_login(User.objects.get(username="ann"))
    with CaptureQueriesContext(connection) as asked:
        page = page_of(client)
    assert page.count("All rules</summary>") == 20
    assert page.count("capital bound, not spent") >= 20
    assert page.count("no task here surely reaches") >= 20
    told = [one["sql"] for one in asked if "criterion" in one["sql"] or "eligib" in one["sql"]]
    assert len(told) <= 5
    assert len(asked) <= 40


def test_evaluating_again_takes_what_was_attested(ann: Client, campaign: Campaign) -> None:
    for wallet in campaign.eligibilities.all():
        factories.AttestationFactory.create(wallet=wallet.wallet, fact="season-badge", value=1)
    ann.post("/admin/criteria/season/evaluate/")
    found = campaign.eligibilities.order_by("wallet_id").values_list("points", "status")
    assert list(found) == [(Decimal(1), "eligible")] * 2
    assert campaign.evaluations.count() == 2
