"""What a published list says of our wallets, kept as eligibilities and, with proofs, as claims."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction as database
from django.utils import timezone

from analytics.campaigns.describing import networks_of
from analytics.campaigns.lists import Listed, PublishedList
from analytics.campaigns.merging import merge_claims, merge_eligibilities
from analytics.models import Campaign, Claim, Eligibility
from protocols.claims.merkle import Entitlement, verify_proof
from wallets.models import Wallet
from wallets.transactions.operator import NotPossible

_E = Eligibility.Status


@dataclass(frozen=True, slots=True)
class Entitled:
    """How many of our wallets are in it, how many are not, and what was changed by that."""

    eligible: int
    not_eligible: int
    others: int
    claims: int
    changed: int


def entitle(
    *,
    campaign: Campaign,
    published: PublishedList,
    source: str,
    missing_not_eligible: bool = False,
    dry_run: bool = False,
) -> Entitled:
    """Keep what the list says; NotPossible, with nothing written, where it does not fit.

    A wallet of ours that is not in it stays as it is unless `missing_not_eligible`.
    """
    own = dict(Wallet.objects.values_list("address", "pk"))
    claims = list(_claims(campaign, published, own))
    rows = list(_eligibilities(campaign, published, own, source, timezone.now()))
    missing = sorted(own.keys() - published.ours.keys()) if missing_not_eligible else []
    rows += [
        _row(campaign, own[one], _E.NOT_ELIGIBLE, source=source, checked_at=timezone.now())
        for one in missing
    ]
    with database.atomic():
        done = merge_eligibilities(rows) + merge_claims(claims)
        database.set_rollback(dry_run)
    eligible = sum(row.status == _E.ELIGIBLE for row in rows)
    changed = done["added"] + done["changed"]
    return Entitled(eligible, len(rows) - eligible, published.others, len(claims), changed)


def _eligibilities(
    campaign: Campaign,
    published: PublishedList,
    own: dict[str, int],
    source: str,
    at: datetime,
) -> Iterator[Eligibility]:
    for one in published.ours.values():
        status = _E.NOT_ELIGIBLE if one.amount == 0 else _E.ELIGIBLE
        fields = {"amount": one.amount, "points": one.points, "source": source, "checked_at": at}
        yield _row(campaign, own[one.address], status, **fields)


def _row(campaign: Campaign, wallet: int, status: str, **fields: object) -> Eligibility:
    return Eligibility(campaign=campaign, wallet_id=wallet, status=status, **fields)


def _claims(campaign: Campaign, published: PublishedList, own: dict[str, int]) -> Iterator[Claim]:
    placed = [one for one in published.ours.values() if one.index is not None]
    if not placed:
        return
    networks = [campaign.token.network_id] if campaign.token else list(networks_of(campaign))
    if not campaign.claim_contract or len(networks) != 1:
        raise NotPossible(
            f"the list has places in a tree, but {campaign} does not say which contract they are "
            "claimed from, and on which network: set its claim contract and its token first"
        )
    for one in placed:
        if one.amount is None:
            raise NotPossible(f"line {one.line}: {one.address} has a place, but no amount")
        if published.root:
            _require_proof(one, published.root)
        proof = {"index": one.index, "amount": str(one.amount), "proof": list(one.proof)}
        yield Claim(
            campaign=campaign,
            wallet_id=own[one.address],
            network_id=networks[0],
            contract=campaign.claim_contract,
            amount=one.amount,
            proof=proof,
        )


def _require_proof(one: Listed, root: str) -> None:
    """NotPossible where the place does not lead to the root that the file itself names."""
    try:
        leaf = Entitlement(one.index or 0, one.address, one.amount or 0).leaf
        proof = [bytes.fromhex(each[2:]) for each in one.proof]
        fits = verify_proof(root=bytes.fromhex(root.removeprefix("0x")), leaf=leaf, proof=proof)
    except ValueError as error:
        raise NotPossible(f"line {one.line}: {error}") from error
    if not fits:
        raise NotPossible(
            f"line {one.line}: the proof of {one.address} does not lead to the file's own root; "
            "get the file again from its source"
        )
