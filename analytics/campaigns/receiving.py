"""What our wallets got from campaigns, found in what the chain told: claims and pushed tokens.

Only what is certain is written: a transfer from who pays for exactly one campaign. What merely may
be a receipt is listed, and a person says so.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction as database
from django.db.models import Exists, OuterRef, QuerySet

from analytics.campaigns.senders import Senders, read_senders
from analytics.models import Campaign, ChainTransfer, Claim, LedgerEntry
from analytics.selectors import valid_entries
from wallets.models import Wallet
from wallets.transactions.operator import NotPossible
from wallets.transitions import recorded_all

K, A, S = LedgerEntry.Kind, LedgerEntry.Account, LedgerEntry.Status
SUBJECT = "ledger entry"
# What came out of a trade, from another wallet of ours or over a bridge is no airdrop.
_MAY_BE = (A.OUTSIDE, A.PROTOCOL, A.AIRDROP)
_SOME = 500


@dataclass(frozen=True, slots=True)
class Received:
    """What was found now: claims that are claimed, entries that are receipts of a campaign."""

    claims: int
    entries: int


def record_receipts() -> Received:
    """Mark claims claimed that the chain says were, and entries as receipts of their campaigns.

    It may run again, and changes nothing then.
    """
    senders = read_senders()
    with database.atomic():
        claims = _mark_claims(senders)
        found = {**_by_sender(senders), **_by_claim()}
        by_campaign: dict[int, list[int]] = defaultdict(list)
        for entry, campaign in found.items():
            by_campaign[campaign].append(entry)
        entries = sum(_assign(keys, campaign) for campaign, keys in by_campaign.items())
        _correct_accounts()
    return Received(claims, entries)


def _mark_claims(senders: Senders) -> int:
    """Those whose contract has paid all of it, whoever asked it to."""
    open_claims = Claim.objects.filter(status=Claim.Status.CLAIMABLE)
    paid = ChainTransfer.objects.filter(
        wallet=OuterRef("wallet"), network=OuterRef("network"), counterparty=OuterRef("contract")
    )
    marked = 0
    for claim in open_claims.filter(Exists(paid.filter(direction="in"))).order_by("pk"):
        payments = [one for one in _payments(claim) if _is_of(one, claim, senders)]
        if payments and sum(one.amount for one in payments) >= claim.amount:
            last = payments[-1]
            same = Claim.objects.filter(pk=claim.pk, status=Claim.Status.CLAIMABLE)
            marked += same.update(
                status=Claim.Status.CLAIMED, transfer=last, claimed_hash=last.hash
            )
    return marked


def _payments(claim: Claim) -> QuerySet[ChainTransfer]:
    rows = ChainTransfer.objects.filter(
        wallet=claim.wallet_id, network=claim.network_id, counterparty=claim.contract
    )
    return rows.filter(direction="in", token__isnull=False).order_by("block_number", "place")


def _is_of(one: ChainTransfer, claim: Claim, senders: Senders) -> bool:
    place = one.network_id, one.counterparty
    return one.token_id is not None and senders.campaign(place, one.token_id) == claim.campaign_id


def _unassigned() -> QuerySet[LedgerEntry]:
    return valid_entries().filter(kind=K.IN, campaign=None, account__in=_MAY_BE)


def _by_sender(senders: Senders) -> dict[int, int]:
    """Campaigns by the entries that they paid."""
    found: dict[int, int] = {}
    names = ("pk", "token__network", "counterparty", "token")
    rows = _unassigned().filter(counterparty__in=sorted(senders.addresses))
    for pk, network, counterparty, token in rows.values_list(*names).iterator():
        campaign = senders.campaign((network, counterparty), token)
        if campaign is not None:
            found[pk] = campaign
    return found


def _by_claim() -> dict[int, int]:
    """Campaigns by the entries of the transactions that claimed from them.

    A distributor may pay from elsewhere: then the token tells that it is the campaign's.
    """
    claims = Claim.objects.filter(status=Claim.Status.CLAIMED, transaction__isnull=False)
    rows = _unassigned().filter(transaction__in=claims.values("transaction"))
    told = {(one.transaction_id, one.wallet_id): one for one in _with_token(claims)}
    found: dict[int, int] = {}
    for entry in rows.only("pk", "transaction", "wallet", "token", "counterparty"):
        claim = told.get((entry.transaction_id, entry.wallet_id))
        if claim is None:
            continue
        token = claim.campaign.token_id
        if entry.token_id == token or (token is None and entry.counterparty == claim.contract):
            found[entry.pk] = claim.campaign_id
    return found


def _with_token(claims: QuerySet[Claim]) -> QuerySet[Claim]:
    waiting = Exists(_unassigned().filter(transaction=OuterRef("transaction")))
    return claims.filter(waiting).select_related("campaign")


def _assign(keys: Sequence[int], campaign: int) -> int:
    """Compared and set: what is of a campaign already stays."""
    done = 0
    for start in range(0, len(keys), _SOME):
        rows = LedgerEntry.objects.filter(pk__in=keys[start : start + _SOME], campaign=None)
        done += rows.update(campaign=campaign, account=A.AIRDROP)
    return done


def _correct_accounts() -> int:
    """A transaction that was booked again has the account of its movement, and its campaign."""
    rows = valid_entries().filter(kind=K.IN, campaign__isnull=False, account__in=_MAY_BE)
    return rows.exclude(account=A.AIRDROP).update(account=A.AIRDROP)


def possible_receipts(*, campaign: Campaign) -> QuerySet[LedgerEntry]:
    """What came of its token from somebody unknown, in return for nothing: perhaps from it."""
    own = Exists(Wallet.objects.filter(address=OuterRef("counterparty")))
    given = LedgerEntry.objects.filter(kind=K.OUT, transaction=OuterRef("transaction"))
    rows = _unassigned().filter(token=campaign.token_id).exclude(own)
    rows = rows.exclude(Exists(given.filter(transaction__isnull=False)))
    if campaign.claim_opens_at:
        rows = rows.filter(occurred_at__gte=campaign.claim_opens_at)
    return rows.select_related("wallet", "token__network").order_by("occurred_at", "pk")


def assign_campaign(*, entries: Iterable[int], campaign: Campaign, actor: str, reason: str) -> int:
    """A person says that these entries are receipts of the campaign; all of them or none.

    NotPossible for what cannot be, with the reason.
    """
    keys = sorted(set(entries))
    with database.atomic():
        rows = list(LedgerEntry.objects.select_for_update().filter(pk__in=keys).order_by("pk"))
        if missing := sorted(set(keys) - {row.pk for row in rows}):
            raise NotPossible(f"there is no entry {missing[0]}; nothing was changed")
        for row in rows:
            _require_possible(row, campaign)
        LedgerEntry.objects.filter(pk__in=keys).update(campaign=campaign, account=A.AIRDROP)
        recorded_all(SUBJECT, keys, "", "airdrop", reason=f"{campaign}: {reason}", actor=actor)
    return len(keys)


def _require_possible(row: LedgerEntry, campaign: Campaign) -> None:
    problem = ""
    if row.kind != K.IN or row.status == S.REVERSED:
        problem = "is no receipt that counts"
    elif row.campaign_id not in (None, campaign.pk):
        problem = "is a receipt of another campaign"
    elif row.account not in _MAY_BE:
        problem = f"is booked as {row.get_account_display()!r}"
    elif campaign.token_id is not None and row.token_id != campaign.token_id:
        problem = "is of another token than the campaign's"
    if problem:
        raise NotPossible(f"entry {row.pk} {problem}; nothing was changed")


def take_back(*, entries: Iterable[int], actor: str, reason: str) -> int:
    """A person says that these entries are no receipts of a campaign after all.

    NotPossible for what a known payer sent: it would be found again.
    """
    senders = read_senders()
    with database.atomic():
        locked = LedgerEntry.objects.select_for_update(of=("self",)).select_related("token")
        rows = list(locked.filter(pk__in=set(entries), campaign__isnull=False).order_by("pk"))
        for row in rows:
            place = row.token.network_id, row.counterparty
            if senders.campaign(place, row.token_id) == row.campaign_id:
                raise NotPossible(
                    f"entry {row.pk} came from who pays for the campaign; correct its claim "
                    "contract instead; nothing was changed"
                )
        keys = [row.pk for row in rows]
        LedgerEntry.objects.filter(pk__in=keys).update(campaign=None, account=A.OUTSIDE)
        recorded_all(SUBJECT, keys, "airdrop", "outside", reason=reason, actor=actor)
    return len(keys)
