"""Where each wallet stands in a real browser: evaluated, read, and tasks made from it."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from scheduling.models import Task
from tests import factories
from tests.airdrops_site.test_console_browser import browser, page
from tests.airdrops_site.test_criteria_pages import MANY, ran_for, season
from tests.airdrops_site.test_plan_browser import shot, sign_in
from tests.analytics.criteria.reached import a_task, ran
from tests.factories import ETHER

__all__ = ["browser", "page"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]


def test_from_the_list_to_the_made_task(page: Page, tmp_path: Path, settings: Settings) -> None:
    campaign = season(tmp_path, settings, wallets=4, rules=MANY)
    task = campaign.tasks.get()
    task.protocol.networks.add(task.network)
    coin = factories.NativeCoinFactory.create(network=task.network)
    factories.PriceFactory.create(token=coin, amount=2000, decimals=0)
    ran_for(task, ETHER // 500)
    for action, wei in (("supply", ETHER // 100), ("wrap", ETHER // 2000)):
        protocol = "aave" if action == "supply" else "evm"
        named = {"name": f"a {action}", "params": {"amount": "1"}}
        ran(a_task(task.network, protocol, action, campaign, **named), wei, action)
    sign_in(page, "ann")
    page.goto("/admin/criteria/")
    page.get_by_role("link", name=campaign.name).click()
    expect(
        page.locator("#standing").get_by_text("about $2.00 (0.001 ETH) for 2 runs of a wrap").first
    ).to_be_visible()
    reached = page.locator("#standing").get_by_text("1 run of a wrap")
    expect(reached.first).to_be_visible()
    expect(page.get_by_text("capital bound, not spent").first).to_be_visible()
    page.get_by_text("All rules").first.click()
    expect(page.get_by_text("Holds the badge").first).to_be_visible()
    shot(page, "criteria-standing")
    page.get_by_label("Rule").select_option("three")
    page.get_by_role("button", name="Make the tasks, switched off").click()
    expect(page.get_by_text("Made 2 tasks, switched off")).to_be_visible()
    assert not Task.objects.filter(name__startswith="season: ", enabled=True).exists()
    page.goto(f"/admin/criteria/{campaign.slug}/")
    page.get_by_label("Rule").select_option("three")
    page.get_by_role("button", name="Make the tasks, switched off").click()
    expect(page.get_by_text("was made for this already and is not done")).to_be_visible()
    shot(page, "criteria-made-again")
    assert Task.objects.filter(name__startswith="season: ").count() == 2
