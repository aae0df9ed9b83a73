"""Campaigns, claims and the ledger."""

# mypy: disable-error-code="no-untyped-call"

from factory.declarations import SelfAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from analytics.models import Campaign, Claim, Eligibility, LedgerCursor, LedgerEntry, Unbooked
from tests.factories.networks import TokenFactory
from tests.factories.signing import ReceiptFactory, TransactionFactory, WalletFactory
from tests.factories.values import NOON, an_address
from tests.factories.work import ProtocolFactory


class CampaignFactory(DjangoModelFactory[Campaign]):
    """An airdrop that is open."""

    class Meta:
        model = Campaign

    slug = Sequence(lambda n: f"campaign-{n}")
    name = Sequence(lambda n: f"Campaign {n}")
    protocol = SubFactory(ProtocolFactory)
    token = SubFactory(TokenFactory)
    status = Campaign.Status.CLAIMABLE


class EligibilityFactory(DjangoModelFactory[Eligibility]):
    """A wallet that is entitled to ten tokens."""

    class Meta:
        model = Eligibility

    campaign = SubFactory(CampaignFactory)
    wallet = SubFactory(WalletFactory)
    status = Eligibility.Status.ELIGIBLE
    amount = 10_000_000


class ClaimFactory(DjangoModelFactory[Claim]):
    """Ten tokens that wait to be claimed."""

    class Meta:
        model = Claim

    campaign = SubFactory(CampaignFactory)
    wallet = SubFactory(WalletFactory)
    network = SelfAttribute("campaign.token.network")
    contract = Sequence(lambda n: an_address(f"distributor {n}"))
    amount = 10_000_000


class LedgerEntryFactory(DjangoModelFactory[LedgerEntry]):
    """Two and a half tokens that came in."""

    class Meta:
        model = LedgerEntry

    receipt = SubFactory(ReceiptFactory)
    block_number = SelfAttribute("receipt.block_number")
    transaction = SelfAttribute("receipt.transaction")
    wallet = SelfAttribute("receipt.transaction.lane.wallet")
    token = SubFactory(TokenFactory, network=SelfAttribute("..transaction.network"))
    kind = LedgerEntry.Kind.IN
    amount = 2_500_000
    counterparty = Sequence(lambda n: an_address(f"payer {n}"))
    ordinal = 1
    status = LedgerEntry.Status.FINAL
    occurred_at = NOON


class LedgerCursorFactory(DjangoModelFactory[LedgerCursor]):
    """A reader at the start of history."""

    class Meta:
        model = LedgerCursor

    name = Sequence(lambda n: f"reader-{n}")


class UnbookedFactory(DjangoModelFactory[Unbooked]):
    """A transaction the books could not take."""

    class Meta:
        model = Unbooked

    transaction = SubFactory(TransactionFactory, final=True)
    reason = "its token is not known"
    retry_at = NOON
