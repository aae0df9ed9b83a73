"""The console's page of a campaign: its wallets and sums, its status with a history."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from analytics.models import Campaign, Claim, Eligibility
from tests.airdrops_site.test_admin_facts import sign_in
from tests.analytics.campaigns.rows import A, moved, priced
from tests.factories import CampaignFactory, ClaimFactory, EligibilityFactory, WalletFactory
from wallets.models import Transition

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def campaign(db: None) -> Campaign:
    return CampaignFactory.create(status="announced", expected_cents=100_000)


def page(row: Campaign | Claim) -> str:
    return reverse(f"admin:analytics_{row._meta.model_name}_change", args=[row.pk])


def fill(campaign: Campaign, wallets: int) -> None:
    for n in range(wallets):
        wallet = WalletFactory.create()
        EligibilityFactory.create(campaign=campaign, wallet=wallet)
        ClaimFactory.create(campaign=campaign, wallet=wallet)
        mine = {"campaign": campaign, "account": A.AIRDROP}
        moved(wallet, campaign.token, "in", 4_000_000, n, **mine)
        moved(wallet, campaign.token, "out", 1_000_000, n, account=A.TRADE)


def test_its_page_shows_each_wallet_with_what_is_known(
    operator: Client, campaign: Campaign
) -> None:
    fill(campaign, 1)
    priced(campaign.token, 5, 0)
    text = operator.get(page(campaign)).content.decode()
    for shown in (
        "20.00 USD",
        "5.00 USD",
        "1000.00 USD",
        "eligible",
        "claimable",
        "is not known now",
    ):
        assert shown in text, shown


def test_its_page_costs_the_same_for_many_wallets(
    operator: Client, campaign: Campaign, django_assert_max_num_queries: Any
) -> None:
    fill(campaign, 25)
    with django_assert_max_num_queries(28):
        assert operator.get(page(campaign)).status_code == 200


def said(campaign: Campaign, **fields: str) -> dict[str, str]:
    form = {"name": campaign.name, "status": campaign.status, "links": "[]"}
    return {**form, "token": str(campaign.token_id), **fields}


def test_a_step_back_needs_a_reason_and_is_in_the_history(
    operator: Client, campaign: Campaign
) -> None:
    refused = operator.post(page(campaign), said(campaign, status="rumoured"))
    assert "is a correction: say why" in refused.content.decode()
    operator.post(page(campaign), said(campaign, status="rumoured", reason="no date after all"))
    line = Transition.objects.get(subject="campaign")
    assert (line.to_state, line.actor, line.reason) == (
        "rumoured",
        "user operator",
        "no date after all",
    )


def test_links_that_lead_nowhere_are_refused(operator: Client, campaign: Campaign) -> None:
    answer = operator.post(page(campaign), said(campaign, links='["javascript:alert(1)"]'))
    assert "write a list of web addresses" in answer.content.decode()


def test_an_eligibility_by_hand_is_the_newest_answer(operator: Client, campaign: Campaign) -> None:
    known = EligibilityFactory.create(campaign=campaign, source="list")
    address = reverse("admin:analytics_eligibility_change", args=[known.pk])
    form = {"status": "not_eligible", "amount": "", "source": "their support", "checked_at_0": ""}
    assert operator.post(address, {**form, "checked_at_1": ""}).status_code == 302
    row = Eligibility.objects.get()
    assert (row.status, row.source, row.checked_at is None) == (
        "not_eligible",
        "their support",
        False,
    )


def test_who_may_operate_says_that_it_was_claimed_elsewhere(client: Client) -> None:
    claim = ClaimFactory.create()
    address = reverse("admin:analytics_claim_ask", args=["claimed_elsewhere"])
    form = {"reason": "claimed on their page", "tx_hash": ""}
    sign_in(client, "viewer")
    assert client.post(f"{address}?id={claim.pk}", form).status_code == 403
    sign_in(client, "operator")
    assert client.post(f"{address}?id={claim.pk}", form).status_code == 302
    claim.refresh_from_db()
    assert (claim.status, claim.reason) == ("claimed", "claimed on their page")
