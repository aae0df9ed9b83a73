"""A report in a real browser: found in the list, read as a page, nothing of it blocked."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from analytics.reports.periods import period_of
from analytics.reports.services import keep_report
from tests import factories as made
from tests.airdrops_site.test_console_browser import PASSWORD, browser, page, take_screenshot
from tests.analytics.reports.days import NOW, a_day

__all__ = ["browser", "page"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]


def test_from_the_list_to_the_page_and_its_file(page: Page) -> None:
    made.WalletFactory.create(label="<script>alert(1)</script>")
    a_day()
    keep_report(period=period_of("daily", None, NOW), now=NOW)
    User.objects.create_superuser("operator", password=PASSWORD)
    page.goto("/admin/analytics/report/")
    page.get_by_label("Username").fill("operator")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="Page", exact=True).click()
    expect(page.get_by_text("19.00 USD")).to_be_visible()
    expect(page.get_by_role("img", name="Value over time in USD")).to_be_visible()
    take_screenshot(page, "report")
    with page.expect_download() as asked:
        page.get_by_role("link", name="PDF").click()
    assert asked.value.suggested_filename == "airdrops-daily-2026-11-23.pdf"
