"""A task is made in a real browser: its action first, then a field for each parameter."""

import re

import pytest
from playwright.sync_api import Page, expect

from protocols.models import Protocol
from scheduling.models import Task
from tests.airdrops_site.test_console_browser import browser as browser
from tests.airdrops_site.test_console_browser import page as page
from tests.airdrops_site.test_console_browser import receipt as receipt
from tests.airdrops_site.test_console_browser import take_screenshot
from wallets.models import Receipt

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]
RECIPIENT = "0x" + "11" * 20


def test_from_the_choice_of_an_action_to_the_saved_task(page: Page, receipt: Receipt) -> None:
    assert Protocol.objects.filter(slug="evm", enabled=True).exists()
    page.goto("/admin/scheduling/task/add/")
    take_screenshot(page, "task-choice")
    page.get_by_role("link", name="Send native coin", exact=True).click()
    amount = page.get_by_label("Amount", exact=True)
    amount.fill("1.5")
    page.get_by_label("To", exact=True).fill(RECIPIENT)
    page.get_by_label("Name").fill("Pay rent")
    page.get_by_label("Network").select_option(str(receipt.transaction.network_id))
    page.get_by_label("Schedule").select_option("once")
    page.locator("[name=starts_at_0]").fill("2026-12-01")
    page.locator("[name=starts_at_1]").fill("12:00:00")
    take_screenshot(page, "task-typed")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text(re.compile("write a whole number without sign"))).to_be_visible()
    take_screenshot(page, "task-error")
    page.get_by_label("Amount", exact=True).fill("5")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully")).to_be_visible()
    assert Task.objects.get(name="Pay rent").params == {"to": RECIPIENT, "amount": "5"}
