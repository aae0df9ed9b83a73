"""The console in a real browser: nothing is blocked, nothing fails, and the links lead on."""

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests import factories
from tests.processes import PATIENCE
from wallets.models import NonceLane, Receipt, Transaction

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
PASSWORD = "a password of the tests"


def take_screenshot(page: Page, name: str) -> None:
    """For a person to look at, where `SCREENSHOTS` names a folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=os.path.join(folder, f"{name}.png"))


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    """Chromium, for this test alone.

    Playwright keeps an event loop running in this thread, and under a loop Django takes other
    connections, without what restores the database: it must have ended when that is done.
    """
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield found
        found.close()
        connection.close()


@pytest.fixture
def page(live_server: LiveServer, browser: Browser) -> Iterator[Page]:
    """A page; whatever its console complains about, blocked scripts too, fails the test."""
    cache.clear()
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    expect.set_options(timeout=PATIENCE * 1000)
    context = browser.new_context(base_url=live_server.url, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE * 1000)
    found = context.new_page()
    found.on("console", listen)
    found.on("pageerror", lambda error: complaints.append(str(error)))
    yield found
    context.close()
    assert not complaints


@pytest.fixture
def receipt(page: Page) -> Receipt:
    """A final transaction of a run, and somebody signed in to look at it."""
    User.objects.create_superuser("operator", password=PASSWORD)
    receipt = factories.ReceiptFactory.create()
    factories.StepFactory.create(transaction=receipt.transaction)
    page.goto("/")
    page.get_by_label("Username").fill("operator")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#dashboard")).to_be_visible()
    return receipt


def test_from_the_dashboard_to_the_explorer(page: Page, receipt: Receipt) -> None:
    page.locator("#dashboard").get_by_role("link", name="evm.transfer #").click()
    expect(page.get_by_text("Final", exact=True).first).to_be_visible()
    explorer = page.get_by_role("link", name="Original 0x")
    expect(explorer).to_have_attribute(
        "href", f"https://explorer.example/tx/{receipt.attempt.hash}"
    )
    expect(explorer).to_have_attribute("rel", "noopener noreferrer")


def test_from_the_transaction_to_its_run_and_task(page: Page, receipt: Receipt) -> None:
    page.goto(f"/admin/wallets/transaction/{receipt.transaction_id}/change/")
    page.locator("#content").get_by_role("link", name="Run").first.click()
    page.locator("#content").get_by_role("link", name="Task").first.click()
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_visible()


def test_the_dashboard_renews_itself(page: Page, receipt: Receipt) -> None:
    final = page.locator(".console-figure", has_text="Final").locator("strong")
    expect(final).to_have_text("1")
    factories.TransactionFactory.create(final=True)
    expect(final).to_have_text("2")


def test_an_ended_session_leads_to_the_login(page: Page, receipt: Receipt) -> None:
    page.context.clear_cookies()
    expect(page.get_by_label("Password")).to_be_visible(timeout=15_000)


def test_a_click_copies_the_whole_hash(page: Page, receipt: Receipt) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#dashboard .console-hex").first.click()
    expect(page.locator(".console-hex.copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == receipt.attempt.hash


@pytest.fixture
def waiting(receipt: Receipt) -> Transaction:
    """A transaction that no block has, sent twice, of a lane that is paused."""
    row = factories.TransactionFactory.create(state="broadcast", nonce=7)
    attempt = factories.AttemptFactory.create(transaction=row, last_answer_kind="underpriced")
    for sending, answer in ((1, "accepted"), (2, "underpriced")):
        factories.EndpointAnswerFactory.create(attempt=attempt, sending=sending, answer=answer)
    NonceLane.objects.filter(pk=attempt.lane_id).update(paused=True, pause_reason="looking")
    return row


def test_from_the_filter_to_a_cancel_with_its_reason(page: Page, waiting: Transaction) -> None:
    page.goto("/admin/wallets/transaction/?progress=pending")
    page.locator("#result_list").get_by_role("link", name=str(waiting.pk), exact=True).click()
    expect(page.locator(".console-badge", has_text="underpriced").first).to_be_visible()
    page.get_by_role("link", name="Cancel", exact=True).click()
    page.get_by_label("Reason").fill("not wanted")
    page.get_by_role("button", name="Cancel it").click()
    expect(page.get_by_text(f"Cancel asked for: {waiting}.")).to_be_visible()
    expect(page.get_by_text("cancel asked for: not wanted").first).to_be_visible()


def test_an_action_of_the_list_asks_for_its_reason(page: Page, waiting: Transaction) -> None:
    lane = waiting.lane
    page.goto("/admin/wallets/noncelane/?paused__exact=1")
    page.locator(f'input[name="_selected_action"][value="{lane.pk}"]').check()
    page.locator('select[name="action"]').select_option("resume")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text("It signs again at its next turn.")).to_be_visible()
    page.get_by_role("button", name="Resume", exact=True).click()
    expect(page.get_by_text(f"Resume asked for: {lane}.")).to_be_visible()


def test_from_an_unlimited_allowance_to_its_revocation(page: Page, receipt: Receipt) -> None:
    for amount in (None, 5_000_000, 2**256 - 1):
        row = factories.AllowanceFactory.create(
            wallet=receipt.transaction.lane.wallet, amount=amount, checked_at=timezone.now()
        )
    page.goto("/admin/wallets/allowance/?standing=unlimited")
    take_screenshot(page, "allowances-unlimited")
    page.goto("/admin/wallets/allowance/")
    expect(page.locator(".console-badge", has_text="Unknown TKN")).to_be_visible()
    take_screenshot(page, "allowances")
    page.get_by_role("link", name="Allowance readings").last.click()
    expect(page.get_by_text("It is not nothing.")).to_be_visible()
    take_screenshot(page, "allowances-readings")
    page.goto("/admin/wallets/allowance/")
    page.locator("#result_list").get_by_role("link", name=str(row.pk), exact=True).click()
    page.get_by_role("link", name="Take back", exact=True).click()
    expect(page.get_by_text("set to zero by a transaction of the wallet")).to_be_visible()
    page.get_by_label("Reason").fill("not needed")
    take_screenshot(page, "allowances-revoke")
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text(f"Take back asked for: {row}.")).to_be_visible()
    expect(page.get_by_text("not needed").first).to_be_visible()
    take_screenshot(page, "allowance")


@pytest.mark.parametrize(
    "path",
    ["wallets/transaction/", "wallets/wallet/add/", "scheduling/task/add/", "analytics/campaign/"],
)
def test_lists_and_forms_work_under_the_policy(page: Page, receipt: Receipt, path: str) -> None:
    page.goto(f"/admin/{path}")
    expect(page.locator("#nav-sidebar-apps")).to_be_visible()
    page.wait_for_load_state("networkidle")


def test_a_wallets_balances_are_drawn(page: Page, receipt: Receipt) -> None:
    balance = factories.BalanceFactory.create(wallet=receipt.transaction.lane.wallet)
    for minutes, amount in ((90, 500_000), (60, 2_000_000), (30, balance.amount)):
        at = timezone.now() - timedelta(minutes=minutes)
        factories.BalancePointFactory.create(
            wallet=balance.wallet, token=balance.token, amount=amount, snapshot__block_at=at
        )
    page.goto(f"/admin/wallets/wallet/{balance.wallet_id}/change/")
    canvas = page.locator("canvas.chart")
    expect(canvas).to_be_visible()
    # Something other than the empty ground was drawn.
    blank = "el => !el.getContext('2d').getImageData(0, 0, el.width, el.height).data.some(v => v)"
    assert not canvas.evaluate(blank)


def test_the_portfolio_is_drawn(page: Page, receipt: Receipt) -> None:
    wallet = receipt.transaction.lane.wallet
    network = receipt.transaction.network.slug
    parts = {
        "places": {"": 70_000, "aave": 42_000, "syncswap": 11_000},
        "networks": {network: 123_000},
        "tokens": {f"{network}:": 123_000},
        "wallets": {wallet.address: 123_000},
    }
    now = timezone.now()
    for day in range(40):
        cents = None if day in (20, 21) else 100_000 + (day * 7_919) % 9_000 + day * 500
        factories.EquityPointFactory.create(
            at=now - timedelta(days=39 - day),
            cents=cents,
            problem="" if cents else "the price of X is unknown",
            parts=parts,
        )
    page.goto("/admin/portfolio/?days=90")
    expect(page.locator("#portfolio canvas")).to_be_visible()
    expect(page.locator("#portfolio").get_by_text("Time-weighted return")).to_be_visible()
    expect(page.locator("#portfolio").get_by_text(wallet.label)).to_be_visible()
    take_screenshot(page, "portfolio")
