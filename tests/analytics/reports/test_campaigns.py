"""What reports say of campaigns: changes, claims, expected and received, criteria."""

from datetime import timedelta

import pytest
from django.utils import timezone

from analytics.campaigns.statuses import change_status
from analytics.models import Campaign, LedgerEntry
from analytics.reports.gathering import gather
from analytics.reports.periods import period_of
from tests import factories as made
from tests.analytics.reports.days import DAY, NOW, Books, report, told

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def a_campaign() -> tuple[Books, Campaign]:
    """A hundred dollars are expected; ten tokens of a dollar came, for a fee of two."""
    books = Books.open()
    books.price(DAY)
    campaign = made.CampaignFactory.create(token=books.token, expected_cents=10_000)
    books.move(DAY + timedelta(hours=9), "in", 10_000_000, "airdrop")
    LedgerEntry.objects.filter(kind="in").update(campaign=campaign)
    return books, campaign


def test_a_campaigns_report_has_what_it_promised_and_brought() -> None:
    books, campaign = a_campaign()
    made.EligibilityFactory.create(campaign=campaign)
    made.ClaimFactory.create_batch(2, campaign=campaign, amount=5_000_000)
    document = report("campaign", campaign=campaign)
    found = told(document)
    assert (found["outcome.expected"], found["outcome.received"]) == ("100.00 USD", "10.00 USD")
    assert (found["wallets.wallets_eligible"], found["wallets.claims_claimable"]) == ("1", "2")
    tokens = next(one for one in document.sections if one.key == "outcome").tables[0]
    assert tokens.rows == ((str(books.token), "10"),)
    assert document.campaign == campaign.slug


def test_a_campaigns_report_has_where_wallets_stand() -> None:
    _, campaign = a_campaign()
    evaluation = made.CriterionEvaluationFactory.create(campaign=campaign)
    for label, to, met in (("a", 3, True), ("b", None, None)):
        wallet = made.WalletFactory.create(label=label)
        made.CriterionResultFactory.create(
            evaluation=evaluation,
            wallet=wallet,
            points_from=3,
            points_to=to,
            amount_from=None,
            amount_to=None,
        )
        made.EligibilityFactory.create(
            campaign=campaign, wallet=wallet, details=[{"rule": "one_1", "met": met}]
        )
    document = report("campaign", campaign=campaign)
    rules, wallets = next(one for one in document.sections if one.key == "standing").tables
    assert rules.rows == (("one_1", "1", "0", "1"),)
    assert [row[2:] for row in wallets.rows] == [("3", "–"), ("3 or more", "–")]


def test_a_days_report_has_allocation_beside_its_target() -> None:
    line = {"name": "ETH", "current_cents": 100_050, "current_bps": 6667}
    made.AllocationRunFactory.create(
        policy__name="core", lines=[{**line, "target_cents": None, "target_bps": None}]
    )
    found = next(one for one in report().sections if one.key == "allocation").tables[0]
    [row] = found.rows
    assert row[:6] == ("core", "ETH", "1000.50", "66.67 %", "unknown", "unknown")


def test_a_worker_follows_no_token_through_long_books() -> None:
    _, campaign = a_campaign()
    document = gather(period_of("campaign", None, NOW, campaign), NOW, most_entries=0)
    found = told(document)
    assert found["outcome.received"] == "10.00 USD"
    assert found["outcome.sold"].startswith("unknown: the books are too long")


def test_a_days_report_has_where_open_campaigns_stand() -> None:
    _, campaign = a_campaign()
    Campaign.objects.filter(pk=campaign.pk).update(claim_opens_at=DAY + timedelta(hours=3))
    document = report()
    _, standing = next(one for one in document.sections if one.key == "campaigns").tables
    assert standing.rows == ((campaign.name, "Claimable", "100.00", "10.00"),)
    assert told(document)["campaigns.opened"] == "1"


def test_a_days_report_has_every_change_of_status() -> None:
    campaign = made.CampaignFactory.create()
    change_status(campaign=campaign, to="ended", actor="a test")
    change_status(campaign=campaign, to="claimable", actor="a test", reason="too early")
    # A moment later: the end of a time is not part of it.
    now = timezone.now() + timedelta(seconds=1)
    document = gather(period_of("daily", timezone.now().date(), now), now)
    changes, _ = next(one for one in document.sections if one.key == "campaigns").tables
    assert [row[1:] for row in changes.rows] == [
        (campaign.name, "claimable", "ended"),
        (campaign.name, "ended", "claimable"),
    ]


def test_a_claim_counts_on_the_day_of_its_block() -> None:
    books, campaign = a_campaign()
    for at in (DAY + timedelta(hours=4), DAY - timedelta(hours=4)):
        receipt = books.transact(at)
        made.ClaimFactory.create(
            campaign=campaign, status="claimed", transaction=receipt.transaction
        )
    assert told(report())["campaigns.claimed"] == "1"
    assert told(report("weekly", NOW))["campaigns.claimed"] == "1"
