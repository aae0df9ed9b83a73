"""Allocation in a real browser: a policy's form, its target, and a rebalance under review."""

from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from playwright.sync_api import Page, expect

from analytics.allocation.computing import compute_run
from analytics.models import AllocationPolicy, Rebalance
from tests import factories
from tests.airdrops_site.desk import make_people
from tests.airdrops_site.test_console_browser import browser, page
from tests.airdrops_site.test_plan_browser import shot, sign_in
from tests.analytics.allocation.capital import half_and_half, held, past_prices
from tests.analytics.allocation.test_weighing import a_leg

__all__ = ["browser", "page"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]


@pytest.fixture
def rebalance(tmp_path: Path) -> Rebalance:
    """Ann's proposal to move a thousand dollars; Ben may change policies as well."""
    make_people(tmp_path)
    ben = User.objects.get(username="ben")
    ben.groups.add(Group.objects.get(name="administrator"))
    past_prices(held(), ETH=0.7, USDC=0.005)
    run = compute_run(policy=half_and_half(method="risk_parity", reserve_bps=1_000))
    factories.ProtocolFactory.create(slug="aave")
    leg = {**a_leg("supply", "supply", "holder"), "words": "supply USDC by aave/supply: 1000 USDC"}
    move = {"from": "ETH", "to": "USDC", "cents": 100_000, "cost_cents": 350, "legs": [leg]}
    return factories.RebalanceFactory.create(
        run=run,
        policy=run.policy,
        created_by=User.objects.get(username="ann"),
        moves=[move],
        second_person=["1000 USDC is more than the 500 USDC of one person"],
        without_route=["200.00 USD from DROP to USDC needs a route: no exchange is enabled"],
    )


def test_from_the_target_to_an_approved_rebalance(page: Page, rebalance: Rebalance) -> None:
    sign_in(page, "ben")
    policy = AllocationPolicy.objects.get()
    page.goto(f"/admin/analytics/allocationpolicy/{policy.pk}/change/")
    shot(page, "allocation-policy")
    page.get_by_role("link", name="Compute", exact=True).click()
    page.get_by_role("button", name="Compute now").click()
    expect(page.get_by_text("computed as run")).to_be_visible()
    page.goto(f"/admin/analytics/allocationrun/{rebalance.run_id}/change/")
    expect(page.get_by_text("Grey is now, coloured is the target.")).to_be_visible()
    shot(page, "allocation-run")
    page.goto(f"/admin/analytics/rebalance/{rebalance.pk}/change/")
    shot(page, "allocation-rebalance")
    page.get_by_role("link", name="Approve", exact=True).click()
    page.get_by_label("Reason").fill("the quotes look right")
    shot(page, "allocation-approve")
    page.get_by_role("button", name="Approve it").click()
    expect(page.get_by_text("Approve asked for")).to_be_visible()
    rebalance.refresh_from_db()
    assert (rebalance.state, rebalance.approved_by) == (
        "approved",
        User.objects.get(username="ben"),
    )
