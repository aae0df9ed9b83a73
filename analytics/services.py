"""What may be asked of floor 4. Everything here may be asked again and changes nothing then."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db import transaction as database
from django.utils import timezone

from analytics.campaigns.describing import save_campaign
from analytics.models import Campaign, Claim, Eligibility
from protocols.claims.adapter import ADAPTER as CLAIMS
from protocols.claims.adapter import MerkleClaim
from protocols.models import Protocol
from scheduling.models import Step, Task
from wallets.addresses import parse_address
from wallets.models import Network, Token, Transaction, Wallet
from wallets.transactions.states import Outcome
from wallets.transactions.states import TransactionState as S


def create_campaign(
    *,
    slug: str,
    name: str,
    protocol: Protocol | None = None,
    token: Token | None = None,
    networks: Iterable[Network] = (),
    tasks: Iterable[Task] = (),
    status: str = Campaign.Status.RUMOURED,
    claim_contract: str = "",
    claim_opens_at: datetime | None = None,
    claim_closes_at: datetime | None = None,
    link: str = "",
    notes: str = "",
    actor: str = "system",
) -> Campaign:
    """The campaign with this slug, as described; ValidationError names what does not fit."""
    values = {
        "name": name,
        "protocol": protocol,
        "token": token,
        "status": status,
        "claim_contract": claim_contract,
        "claim_opens_at": claim_opens_at,
        "claim_closes_at": claim_closes_at,
        "link": link,
        "notes": notes,
    }
    with database.atomic():
        campaign = Campaign.objects.filter(slug=slug).first() or Campaign(slug=slug)
        for field, value in values.items():
            setattr(campaign, field, value)
        save_campaign(campaign=campaign, actor=actor, reason="described")
        campaign.networks.set(networks)
        campaign.tasks.set(tasks)
    return campaign


def record_eligibility(
    *,
    campaign: Campaign,
    wallet: Wallet,
    status: str,
    source: str,
    amount: int | None = None,
    checked_at: datetime | None = None,
) -> Eligibility:
    """What a source said at `checked_at` (now); an older answer does not replace a newer one."""
    if status != Eligibility.Status.UNKNOWN and not source:
        raise ValidationError({"source": f"say where {status} is known from"})
    at = checked_at or timezone.now()
    with database.atomic():
        newer = Eligibility.objects.filter(campaign=campaign, wallet=wallet, checked_at__gt=at)
        if known := newer.first():
            return known
        return _upsert(
            Eligibility,
            {"campaign": campaign, "wallet": wallet},
            {"status": status, "source": source, "amount": amount, "checked_at": at},
        )


def record_claimable(
    *,
    campaign: Campaign,
    wallet: Wallet,
    network: Network,
    contract: str,
    amount: int,
    proof: Mapping[str, Any],
) -> Claim:
    """What the wallet can claim from the contract; what is claimed already stays as it is."""
    key = {
        "campaign": campaign,
        "wallet": wallet,
        "network": network,
        "contract": parse_address(contract),
    }
    with database.atomic():
        claimed = Claim.objects.select_for_update().filter(**key, status=Claim.Status.CLAIMED)
        if known := claimed.first():
            return known
        status = Claim.Status.CLAIMABLE
        return _upsert(Claim, key, {"amount": amount, "proof": dict(proof), "status": status})


def record_claim(*, transaction_id: int) -> int:
    """As `record_claims` for one."""
    return record_claims([transaction_id])


def record_claims(ids: Iterable[int]) -> int:
    """Mark the claims behind settled claiming transactions claimed, or claimable if undone.

    How many claims changed.
    """
    claiming = Transaction.objects.filter(protocol=CLAIMS.slug, action=MerkleClaim.slug)
    rows = claiming.select_related("lane").filter(pk__in=ids).order_by("pk")
    return sum(_record_claim(row) for row in rows)


def _record_claim(row: Transaction) -> int:
    if not _is_claimed(row):
        undone = Claim.objects.filter(transaction=row, status=Claim.Status.CLAIMED)
        return undone.update(status=Claim.Status.CLAIMABLE, transaction=None, claimed_hash="")
    # Compared and set in one statement: whoever claimed it first keeps it.
    open_claims = Claim.objects.filter(
        wallet=row.lane.wallet_id,
        network=row.network_id,
        contract=row.to,
        status=Claim.Status.CLAIMABLE,
    )
    receipt = row.receipts.filter(canonical=True).select_related("attempt").get()
    return open_claims.update(
        status=Claim.Status.CLAIMED, transaction=row, claimed_hash=receipt.attempt.hash
    )


def _is_claimed(row: Transaction) -> bool:
    """Whether the claim was settled from what the chain says now."""
    settled = Step.objects.filter(transaction=row, settled_receipt__canonical=True)
    confirmed = row.state in (S.CONFIRMED, S.FINAL) and row.outcome == Outcome.SUCCEEDED
    return confirmed and settled.exists()


def _upsert[Row: models.Model](
    model: type[Row], key: Mapping[str, Any], values: Mapping[str, Any]
) -> Row:
    """The row of this key with these values, checked as a form would check them."""
    rows = model._default_manager
    checked = rows.filter(**key).first() or model(**key)
    for name, value in values.items():
        setattr(checked, name, value)
    checked.full_clean()
    clean = {name: getattr(checked, name) for name in values}
    row, _ = rows.update_or_create(**key, defaults=clean)
    return row
