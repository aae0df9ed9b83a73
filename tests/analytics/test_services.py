"""Campaigns, who may claim and what was claimed: recorded once, checked, undone with the chain."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from analytics import booking
from analytics.models import Campaign, Claim, Eligibility
from analytics.services import (
    create_campaign,
    record_claimable,
    record_eligibility,
)
from tests.analytics.told import Ground, confirm, into, reorganise, settle
from wallets.addresses import AddressError
from wallets.models import Transaction

pytestmark = [pytest.mark.django_db, pytest.mark.db]
DISTRIBUTOR = "0x" + "dd" * 20
CLAIMING = {"protocol": "claims", "action": "merkle-claim", "to": DISTRIBUTOR}


@pytest.fixture
def campaign(ground: Ground) -> Campaign:
    return create_campaign(slug="uni", name="Uni", networks=[ground.network])


@pytest.fixture
def claim(ground: Ground, campaign: Campaign) -> Claim:
    return claimable(ground, campaign)


def claimable(ground: Ground, campaign: Campaign, **fields: Any) -> Claim:
    asked = {"contract": DISTRIBUTOR, "amount": 7, "proof": {"index": 0}, **fields}
    return record_claimable(
        campaign=campaign, wallet=ground.wallet, network=ground.network, **asked
    )


def test_creating_a_campaign_twice_is_once_as_last_described(ground: Ground) -> None:
    for name in ("Uni", "Uniswap"):
        create_campaign(slug="uni", name=name, networks=[ground.network])
    campaign = Campaign.objects.get()
    assert (campaign.name, list(campaign.networks.all())) == ("Uniswap", [ground.network])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "not a slug"),
        ("status", "soon"),
        ("claim_contract", "0x12"),
        ("link", "somewhere"),
        ("claim_closes_at", datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_what_does_not_fit_a_campaign_is_refused(db: None, field: str, value: object) -> None:
    opens = {"claim_opens_at": datetime(2026, 1, 1, tzinfo=UTC)}
    with pytest.raises(ValidationError):
        create_campaign(**{"slug": "uni", "name": "Uni", **opens, field: value})  # type: ignore[arg-type]
    assert not Campaign.objects.exists()


def test_an_address_is_kept_checksummed(db: None) -> None:
    campaign = create_campaign(slug="uni", name="Uni", claim_contract="0x" + "ab" * 20)
    assert campaign.claim_contract == "0xABaBaBaBABabABabAbAbABAbABabababaBaBABaB"


def test_the_newest_answer_about_eligibility_stands(ground: Ground, campaign: Campaign) -> None:
    now = timezone.now()
    for status, at in (("eligible", now), ("not_eligible", now - timedelta(days=1))):
        record_eligibility(
            campaign=campaign, wallet=ground.wallet, status=status, source="list", checked_at=at
        )
    assert Eligibility.objects.get().status == "eligible"


def test_a_known_eligibility_names_its_source(ground: Ground, campaign: Campaign) -> None:
    with pytest.raises(ValidationError, match="say where eligible is known from"):
        record_eligibility(campaign=campaign, wallet=ground.wallet, status="eligible", source="")


def test_recording_what_is_claimable_twice_is_once_as_last_said(
    ground: Ground, campaign: Campaign, claim: Claim
) -> None:
    claimable(ground, campaign, amount=8)
    assert [found.amount for found in Claim.objects.all()] == [8]


@pytest.mark.parametrize("fields", [{"amount": -1}, {"contract": "0x12"}])
def test_a_claim_of_nonsense_is_refused(
    ground: Ground, campaign: Campaign, fields: dict[str, Any]
) -> None:
    with pytest.raises((ValidationError, AddressError)):
        claimable(ground, campaign, **fields)
    assert not Claim.objects.exists()


def claim_it(ground: Ground, **other: str) -> Transaction:
    """A claim, confirmed, settled and read into the books."""
    row = ground.transaction(**{**CLAIMING, **other})
    step = ground.step(row)
    confirm(row)
    settle(step, into(7, source=DISTRIBUTOR))
    booking.book_ledger()
    return row


def test_a_settled_claim_is_claimed_by_its_transaction(ground: Ground, claim: Claim) -> None:
    row = claim_it(ground)
    claim.refresh_from_db()
    assert (claim.status, claim.transaction) == ("claimed", row)
    assert not Eligibility.objects.exists()


def test_a_claim_that_is_not_settled_yet_is_not_claimed(ground: Ground, claim: Claim) -> None:
    row = ground.transaction(**CLAIMING)
    ground.step(row)
    confirm(row)
    booking.book_ledger()
    claim.refresh_from_db()
    assert claim.status == "claimable"


def test_a_reorganisation_makes_it_claimable_again(ground: Ground, claim: Claim) -> None:
    row = claim_it(ground)
    reorganise(row)
    booking.book_ledger()
    claim.refresh_from_db()
    assert (claim.status, claim.transaction) == ("claimable", None)


@pytest.mark.parametrize(
    "other", [{"action": "swap"}, {"protocol": "evm"}, {"to": "0x" + "ee" * 20}]
)
def test_another_transaction_claims_nothing(
    ground: Ground, claim: Claim, other: dict[str, str]
) -> None:
    claim_it(ground, **other)
    claim.refresh_from_db()
    assert claim.status == "claimable"


@pytest.mark.parametrize("other", ["wallet", "network"])
def test_the_claim_of_another_wallet_or_network_stays_open(
    ground: Ground, claim: Claim, other: str
) -> None:
    elsewhere = Ground.lay()
    Claim.objects.update(**{other: getattr(elsewhere, other)})
    claim_it(ground)
    claim.refresh_from_db()
    assert claim.status == "claimable"


def test_a_missed_claim_stays_missed(ground: Ground, claim: Claim) -> None:
    Claim.objects.update(status=Claim.Status.MISSED)
    claim_it(ground)
    claim.refresh_from_db()
    assert claim.status == "missed"


def test_what_is_claimed_is_not_made_claimable_by_an_old_list(
    ground: Ground, campaign: Campaign, claim: Claim
) -> None:
    claim_it(ground)
    assert claimable(ground, campaign, amount=8).status == "claimed"
    assert Claim.objects.get().amount == 7
