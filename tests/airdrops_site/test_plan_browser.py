"""A plan in a real browser: reviewed, approved by a second person, watched while it runs."""

import os
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from scheduling.models import Plan, PlanLine
from scheduling.plans.making import Maker, Payment, make_plan
from tests import factories
from tests.airdrops_site.desk import PASSWORD, make_people
from tests.airdrops_site.test_console_browser import browser, page
from tests.factories import an_address

__all__ = ["browser", "page"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]
SHOTS = os.environ.get("AIRDROPS_SCREENSHOTS", "")


def shot(page: Page, name: str) -> None:
    """A picture for whoever asks for one."""
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def sign_in(page: Page, name: str) -> None:
    page.goto("/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#dashboard")).to_be_visible()


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """3 ETH to the exchange and 2 to a wallet of ours, made by Ann."""
    make_people(tmp_path)
    eth = factories.NativeCoinFactory.create(network__slug="devnet-l1")
    factories.ProtocolFactory.create().networks.add(eth.network)
    treasury = factories.WalletFactory.create(label="treasury")
    farm = factories.WalletFactory.create(label="farm-1")
    book = factories.AddressBookEntryFactory.create(
        label="exchange", address=an_address("exchange"), confirmed=True
    )
    ether = factories.ETHER
    payments = [
        Payment(treasury, eth, 3 * ether, book.address, "sell in March"),
        Payment(treasury, eth, 2 * ether, farm.address, "gas"),
    ]
    ann = Maker.of(User.objects.get(username="ann"))
    return make_plan(kind="transfer", title="March", payments=payments, maker=ann)


def test_from_the_review_to_the_progress(page: Page, plan: Plan) -> None:
    sign_in(page, "ben")
    page.goto("/admin/scheduling/plan/")
    page.locator("#result_list").get_by_role("link", name=str(plan.pk), exact=True).click()
    review = page.locator(f"#plan-{plan.pk}")
    expect(review.get_by_text("2 lines send 5 ETH on devnet-l1.")).to_be_visible()
    expect(review.get_by_text("A second person approves it")).to_be_visible()
    expect(review.get_by_text("exchange (address book, confirmed)")).to_be_visible()
    shot(page, "plan-review")
    page.get_by_role("link", name="Approve", exact=True).click()
    expect(page.locator(f"#plan-{plan.pk}")).to_be_visible()
    shot(page, "plan-approve")
    page.get_by_role("button", name="Approve it").click()
    expect(page.get_by_text("Approve asked for")).to_be_visible()
    page.get_by_role("link", name="Run", exact=True).click()
    page.get_by_role("button", name="Run it").click()
    expect(review.locator(".console-badge", has_text="Running")).to_be_visible()
    line = PlanLine.objects.get(plan=plan, index=1)
    PlanLine.objects.filter(pk=line.pk).update(state="failed", detail="it would revert: paused")
    expect(review.get_by_text("it would revert: paused")).to_be_visible(timeout=15_000)
    shot(page, "plan-running")


def test_an_address_is_confirmed_by_typing_it_again(page: Page, plan: Plan) -> None:
    entry = factories.AddressBookEntryFactory.create(label="vault", address=an_address("vault"))
    sign_in(page, "ben")
    page.goto(f"/admin/wallets/addressbookentry/{entry.pk}/change/")
    page.get_by_role("link", name="Confirm", exact=True).click()
    page.get_by_label("Address", exact=True).fill(an_address("another"))
    page.get_by_role("button", name="Confirm", exact=True).click()
    expect(page.get_by_text("find out which of the two is right")).to_be_visible()
    page.get_by_role("link", name="Confirm", exact=True).click()
    page.get_by_label("Address", exact=True).fill(entry.address)
    shot(page, "address-confirm")
    page.get_by_role("button", name="Confirm", exact=True).click()
    expect(page.get_by_text("Confirm asked for: vault.")).to_be_visible()
