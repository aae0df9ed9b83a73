"""The stop button in a real browser: pressed on any page, seen on all, resumed by a person."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.airdrops_site.desk import make_people
from tests.airdrops_site.test_console_browser import browser, page, take_screenshot
from tests.airdrops_site.test_plan_browser import sign_in
from wallets.models import EmergencyStop

__all__ = ["browser", "page"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]


def test_from_the_button_to_the_resumption(page: Page, tmp_path: Path) -> None:
    make_people(tmp_path)
    factories.WalletFactory.create(label="farm-1")
    sign_in(page, "ann")
    page.goto("/admin/wallets/wallet/")
    page.get_by_role("link", name="Stop everything").click()
    dialog = page.locator("#emergency-dialog")
    expect(dialog).to_be_visible()
    take_screenshot(page, "stop-dialog")
    dialog.get_by_label("Why").fill("a key was stolen")
    dialog.get_by_role("button", name="Stop signing now").click()
    state = page.locator("#emergency-state")
    expect(state.get_by_text("Stopped: everything")).to_be_visible()
    assert page.url.endswith("/admin/wallets/wallet/")
    assert EmergencyStop.objects.get(engaged=True).reason == "a key was stolen"
    page.goto("/admin/")
    expect(page.locator("#dashboard").get_by_text("a key was stolen")).to_be_visible()
    take_screenshot(page, "stop-dashboard")
    state.get_by_role("link").click()
    take_screenshot(page, "stop-page")
    page.get_by_label("Why it may go on").fill("it was a drill")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("The stop of everything is lifted.")).to_be_visible()
    assert not EmergencyStop.objects.filter(engaged=True).exists()
