"""Campaigns: what changed, what was claimed, what was expected and what came."""

from decimal import Decimal

from django.db.models import Count, Q

from analytics.models import Campaign, Claim, LedgerEntry
from analytics.reports.ask import TOLD, Ask
from analytics.reports.document import USD, Fact, Section, Table
from analytics.reports.numbers import cents, count, usd
from analytics.reports.priced import Priced, priced
from analytics.selectors import valid_entries
from wallets.models import Transition

C, Kind = Claim.Status, LedgerEntry.Kind
UNKNOWN = "unknown"
OPEN = (Campaign.Status.ANNOUNCED, Campaign.Status.SNAPSHOT, Campaign.Status.CLAIMABLE)


def campaigns_section(ask: Ask) -> Section:
    """What changed in the time, and where each campaign that is open stands."""
    facts = (*_windows(ask), *_claims(ask))
    return Section("campaigns", "Campaigns", facts, (_changes(ask), _standing(ask)))


def _windows(ask: Ask) -> list[Fact]:
    found = Campaign.objects.aggregate(
        opened=Count("pk", filter=_within("claim_opens_at", ask)),
        closed=Count("pk", filter=_within("claim_closes_at", ask)),
    )
    return [
        count("opened", "Claim windows opened", found["opened"]),
        count("closed", "Claim windows closed", found["closed"]),
    ]


def _within(field: str, ask: Ask) -> Q:
    return Q(**{f"{field}__gte": ask.start, f"{field}__lt": ask.until})


def _claims(ask: Ask) -> list[Fact]:
    # Each claiming transaction has one fee in the books, at the time of its block.
    fees = ask.entries().filter(kind=Kind.FEE)
    claimed = Claim.objects.filter(status=C.CLAIMED, transaction__in=fees.values("transaction"))
    missed = Claim.objects.filter(_within("campaign__claim_closes_at", ask), status=C.MISSED)
    return [
        count("claimed", "Claims made", claimed.count()),
        count("missed", "Claims missed", missed.count()),
        count("claimable", "Claims open now", Claim.objects.filter(status=C.CLAIMABLE).count()),
    ]


def _changes(ask: Ask) -> Table:
    """Status changes that the history has of the time."""
    changes = Transition.objects.filter(_within("at", ask), subject="campaign").order_by("id")
    rows = list(changes[: TOLD + 1])
    names = dict(
        Campaign.objects.filter(pk__in={row.subject_id for row in rows}).values_list("pk", "name")
    )
    told = tuple(
        (
            f"{row.at:%Y-%m-%d %H:%M}",
            names.get(row.subject_id, str(row.subject_id)),
            row.from_state,
            row.to_state,
        )
        for row in rows[:TOLD]
    )
    columns = ("When (UTC)", "Campaign", "From", "To")
    left = changes.count() - TOLD if len(rows) > TOLD else 0
    return Table("changes", "Changes of status", columns, told, left)


def _standing(ask: Ask) -> Table:
    """Expected and received of the open ones; expected is what a person wrote."""
    rows = Campaign.objects.filter(status__in=OPEN).order_by("name")
    found = list(rows[:TOLD])
    received = _received(ask, Q(campaign__in=found))
    told = tuple(
        (
            one.name,
            str(one.get_status_display()),
            UNKNOWN if one.expected_cents is None else cents(one.expected_cents),
            _dollars(received, one.pk),
        )
        for one in found
    )
    columns = ("Campaign", "Status", f"Expected {USD}", f"Received {USD}")
    left = max(0, rows.count() - TOLD)
    return Table("open", "Open campaigns", columns, told, left)


def _received(ask: Ask, which: Q) -> Priced:
    """What came from campaigns up to the end of the time, at the prices of when it came."""
    rows = valid_entries().filter(which, kind=Kind.IN, occurred_at__lt=ask.until)
    found = priced(rows, "campaign")
    ask.note_unpriced(found.problems())
    return found


def _dollars(found: Priced, campaign: int) -> str:
    worth = found.by.get((campaign,))
    if worth is None:
        return usd(Decimal(0))
    return UNKNOWN if worth.dollars is None else usd(worth.dollars)
