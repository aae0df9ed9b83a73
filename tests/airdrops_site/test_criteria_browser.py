"""Where each wallet stands in a real browser: evaluated, read, and tasks made from it."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from scheduling.models import Task
from tests import factories
from tests.airdrops_site.test_console_browser import browser, page
from tests.airdrops_site.test_criteria_pages import ran_for, season
from tests.airdrops_site.test_plan_browser import shot, sign_in
from tests.factories import ETHER

__all__ = ["browser", "page"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]


def test_from_the_list_to_the_made_task(page: Page, tmp_path: Path, settings: Settings) -> None:
    campaign = season(tmp_path, settings, wallets=4)
    task = campaign.tasks.get()
    coin = factories.NativeCoinFactory.create(network=task.network)
    factories.PriceFactory.create(token=coin, amount=2000, decimals=0)
    ran_for(task, ETHER // 500)
    sign_in(page, "ann")
    page.goto("/admin/criteria/")
    page.get_by_role("link", name=campaign.name).click()
    expect(
        page.locator("#standing").get_by_text("about $8.00 (0.004 ETH) for 2 runs").first
    ).to_be_visible()
    page.get_by_text("All rules").first.click()
    expect(page.get_by_text("Holds the badge").first).to_be_visible()
    shot(page, "criteria-standing")
    page.get_by_label("Rule").select_option("three")
    page.get_by_role("button", name="Make the tasks, switched off").click()
    expect(page.get_by_text("Made 2 tasks, switched off")).to_be_visible()
    assert not Task.objects.filter(name__startswith="season: ", enabled=True).exists()
