"""What is certain to be from a campaign is booked so; what may be is a person's to say."""

import pytest

from analytics.campaigns import watching
from analytics.campaigns.claiming import claimed_elsewhere, reopen
from analytics.campaigns.receiving import (
    Received,
    assign_campaign,
    possible_receipts,
    record_receipts,
    take_back,
)
from analytics.models import Campaign, Claim
from tests.analytics.campaigns.rows import A, arrived, moved, token_of, transfer
from tests.factories import (
    CampaignFactory,
    ClaimFactory,
    DeploymentFactory,
    LedgerEntryFactory,
    ReceiptFactory,
    TokenFactory,
    WalletFactory,
    a_hash,
    an_address,
)
from wallets.models import Lease, Transition, Wallet
from wallets.transactions.operator import NotPossible

pytestmark = [pytest.mark.django_db, pytest.mark.db]
PAYER, STRANGER = an_address("the distributor"), an_address("a stranger")
WHY = {"actor": "ann", "reason": "their post says so"}


@pytest.fixture
def wallet(db: None) -> Wallet:
    return WalletFactory.create()


@pytest.fixture
def campaign(db: None) -> Campaign:
    return CampaignFactory.create(claim_contract=PAYER)


def test_a_push_from_the_claim_contract_is_a_receipt_once(
    campaign: Campaign, wallet: Wallet
) -> None:
    entry = arrived(transfer(wallet, campaign.token, 7, PAYER))
    assert record_receipts() == Received(claims=0, entries=1)
    entry.refresh_from_db()
    assert (entry.campaign, entry.account) == (campaign, A.AIRDROP)
    assert record_receipts() == Received(claims=0, entries=0)


def test_a_claim_that_somebody_made_for_us_is_claimed(campaign: Campaign, wallet: Wallet) -> None:
    claim = ClaimFactory.create(campaign=campaign, wallet=wallet, contract=PAYER, amount=10)
    first = transfer(wallet, campaign.token, 4, PAYER, 1)
    assert record_receipts().claims == 0  # a part of it only
    second = transfer(wallet, campaign.token, 6, PAYER, 2)
    assert record_receipts().claims == 1
    claim.refresh_from_db()
    assert (claim.status, claim.transfer, claim.claimed_hash) == ("claimed", second, second.hash)
    assert first.hash != second.hash


def test_what_our_own_claim_brought_is_a_receipt_whoever_paid(campaign: Campaign) -> None:
    receipt = ReceiptFactory.create()
    row, owner = receipt.transaction, receipt.transaction.lane.wallet
    ClaimFactory.create(campaign=campaign, wallet=owner, status="claimed", transaction=row)
    entry = LedgerEntryFactory.create(receipt=receipt, token=campaign.token)
    other = LedgerEntryFactory.create(receipt=receipt, ordinal=3)
    assert record_receipts().entries == 1
    entry.refresh_from_db()
    other.refresh_from_db()
    assert (entry.campaign, other.campaign) == (campaign, None)


@pytest.mark.parametrize("account", ["trade", "own", "bridge", "income"])
def test_what_was_given_for_something_is_no_receipt(
    campaign: Campaign, wallet: Wallet, account: str
) -> None:
    arrived(transfer(wallet, campaign.token, 7, PAYER), account=account)
    assert record_receipts().entries == 0


def test_another_token_or_a_payer_of_two_campaigns_tells_nothing(
    campaign: Campaign, wallet: Wallet
) -> None:
    arrived(transfer(wallet, TokenFactory.create(network=token_of(campaign).network), 7, PAYER))
    assert record_receipts().entries == 0
    CampaignFactory.create(token=campaign.token, claim_contract=PAYER)
    arrived(transfer(wallet, campaign.token, 7, PAYER, 2))
    assert record_receipts().entries == 0


def test_a_registered_distributor_pays_for_the_campaign_of_its_token(
    campaign: Campaign, wallet: Wallet
) -> None:
    network = token_of(campaign).network
    known = DeploymentFactory.create(protocol__slug="claims", network=network)
    arrived(transfer(wallet, campaign.token, 7, known.address))
    assert record_receipts().entries == 1


def test_what_a_stranger_sent_is_listed_for_a_person_to_say(
    campaign: Campaign, wallet: Wallet
) -> None:
    entry = arrived(transfer(wallet, campaign.token, 7, STRANGER))
    arrived(transfer(wallet, campaign.token, 7, WalletFactory.create().address, 2))
    assert record_receipts().entries == 0
    assert list(possible_receipts(campaign=campaign)) == [entry]
    assert assign_campaign(entries=[entry.pk], campaign=campaign, **WHY) == 1
    assert not possible_receipts(campaign=campaign).exists()
    assert take_back(entries=[entry.pk], **WHY) == 1
    entry.refresh_from_db()
    assert (entry.campaign, entry.account) == (None, A.OUTSIDE)


def test_with_one_entry_that_cannot_be_none_is_a_receipt(
    campaign: Campaign, wallet: Wallet
) -> None:
    good = arrived(transfer(wallet, campaign.token, 7, STRANGER))
    traded = arrived(transfer(wallet, campaign.token, 7, STRANGER, 2), account=A.TRADE)
    with pytest.raises(NotPossible, match="is booked as 'Exchanged for another token'"):
        assign_campaign(entries=[good.pk, traded.pk], campaign=campaign, **WHY)
    good.refresh_from_db()
    assert good.campaign is None


def test_what_the_payer_sent_is_not_taken_back(campaign: Campaign, wallet: Wallet) -> None:
    entry = arrived(transfer(wallet, campaign.token, 7, PAYER))
    record_receipts()
    with pytest.raises(NotPossible, match="correct its claim contract"):
        take_back(entries=[entry.pk], **WHY)


def test_a_person_says_that_it_was_claimed_elsewhere_and_takes_it_back(wallet: Wallet) -> None:
    claim = ClaimFactory.create(wallet=wallet)
    claimed_elsewhere(claim=claim, tx_hash=a_hash("theirs"), **WHY)
    assert (claim.status, claim.claimed_hash) == ("claimed", a_hash("theirs"))
    reopen(claim=claim, **WHY)
    assert (Claim.objects.get().status, Claim.objects.get().claimed_hash) == ("claimable", "")
    assert Transition.objects.filter(subject="claim", subject_id=claim.pk).count() == 2


def test_the_workers_look_again_once_a_minute(campaign: Campaign, wallet: Wallet) -> None:
    entry = arrived(transfer(wallet, campaign.token, 7, PAYER))
    assert list(watching.PERIODIC.due()) == [""]
    watching.find_receipts()
    entry.refresh_from_db()
    assert (entry.campaign, list(watching.PERIODIC.due())) == (campaign, [])
    Lease.objects.all().delete()
    assert list(watching.PERIODIC.due()) == [""]


def test_the_questions_do_not_grow_with_the_receipts(
    campaign: Campaign, wallet: Wallet, django_assert_max_num_queries: pytest.Function
) -> None:
    for n in range(30):
        arrived(transfer(wallet, campaign.token, 7, PAYER, n))
        moved(wallet, campaign.token, "in", 1, n)
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        assert record_receipts().entries == 30
