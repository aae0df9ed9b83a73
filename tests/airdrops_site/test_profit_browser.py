"""Profit in a real browser: the unknown stands out, and the ledger comes as a file."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from analytics.basis import jobs
from tests.airdrops_site.desk import make_people
from tests.airdrops_site.test_console_browser import browser, page, take_screenshot
from tests.airdrops_site.test_plan_browser import sign_in
from tests.analytics.written import Desk, book, fee, into, out, price
from tests.factories import CampaignFactory, PriceFactory

__all__ = ["browser", "page"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]


def test_profit_is_read_and_the_ledger_downloaded(page: Page, tmp_path: Path) -> None:
    make_people(tmp_path)
    desk, campaign = Desk.lay(), CampaignFactory.create(slug="spring-drop")
    for day in (0, 1):
        price(desk.eth, day, "1000")
        price(desk.usd, day, "1")
    for token, dollars in ((desk.eth, 1000), (desk.usd, 1)):
        PriceFactory.create(token=token, amount=dollars, decimals=0)
    book(0, into(desk.alice, desk.eth, "2", "outside"))
    book(1, fee(desk.alice, desk.eth, "0.5", campaign=campaign))
    book(1, into(desk.alice, desk.usd, "750", "airdrop", campaign=campaign))
    book(1, out(desk.alice, desk.usd, "150", "protocol", protocol="aave"))
    book(1, into(desk.bob, desk.fund, "7", "airdrop"))
    jobs.refresh_profit()
    sign_in(page, "ann")
    page.goto("/admin/")
    page.get_by_role("link", name="Profit", exact=False).first.click()
    expect(page.locator("#profit-lines").get_by_text("500.00", exact=True)).to_be_visible()
    expect(
        page.get_by_role("row", name="spring-drop").get_by_text("50.00 %", exact=True)
    ).to_be_visible()
    expect(page.get_by_text("Prices that are missing")).to_be_visible()
    take_screenshot(page, "profit")
    page.get_by_label("Format").select_option("koinly")
    with page.expect_download() as started:
        page.get_by_role("button", name="Download").click()
    assert started.value.suggested_filename.startswith("ledger-koinly-")
    assert "Koinly" not in started.value.path().read_text().splitlines()[0]
