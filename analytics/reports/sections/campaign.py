"""One campaign from its beginning up to the end of the report's week."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet

from analytics.campaigns.totals import summary
from analytics.models import Claim, Eligibility, LedgerEntry
from analytics.reports.ask import TOLD, TOO_LONG, Ask
from analytics.reports.document import Chart, ChartKind, Fact, Section, Table
from analytics.reports.numbers import count, dollars, from_cents, money
from analytics.reports.priced import Priced, priced
from analytics.selectors import valid_entries
from wallets.amounts import show_amount

Kind, E, C = LedgerEntry.Kind, Eligibility.Status, Claim.Status


def about_section(ask: Ask) -> Section:
    """What it is and when."""
    one = ask.campaign
    facts = (
        Fact("status", "Status", str(one.get_status_display())),
        _when("announced", "Announced", one.announced_on),
        _when("snapshot", "Snapshot", one.snapshot_at),
        _when("opens", "Claims open", one.claim_opens_at),
        _when("closes", "Claims close", one.claim_closes_at),
    )
    return Section("about", "Campaign", facts)


def _when(key: str, label: str, found: object) -> Fact:
    text = f"{found:%Y-%m-%d %H:%M} UTC" if isinstance(found, datetime) else str(found or "")
    return Fact(key, label, text, "", "nobody has written it down")


def outcome_section(ask: Ask) -> Section:
    """Expected, received and what it has cost, in US dollars of the time."""
    one = ask.campaign
    came = valid_entries().filter(campaign=one, kind=Kind.IN, occurred_at__lt=ask.until)
    received = priced(came)
    ask.note_unpriced(received.problems())
    total = received.total
    facts = (
        from_cents("expected", "Expected", one.expected_cents, "nobody has written it down"),
        dollars("received", "Received", total.dollars, total.problem(received.tokens)),
        *_afterwards(ask, received),
    )
    rows = tuple(
        (str(token), show_amount(total.amounts[pk], token.decimals))
        for pk, token in received.tokens.items()
    )
    table = Table("tokens", "Received tokens", ("Token", "Amount"), rows)
    return Section("outcome", "Expected and received", facts, (table,))


def _afterwards(ask: Ask, received: Priced) -> Iterator[Fact]:
    """What was sold of it, what is left, and the fees; as of now."""
    if ask.is_too_long(valid_entries().filter(token__in=received.tokens)):
        for key in ("sold", "left", "costs"):
            yield dollars(key, key.capitalize(), None, TOO_LONG)
        return
    found = summary(campaign=ask.campaign)
    yield money("sold", "Sold", found.sold_worth)
    yield money("left", "Left, at today's prices", found.left_worth)
    yield money("costs", "Costs", found.cost)


def wallets_section(ask: Ask) -> Section:
    """How many wallets are entitled, and their claims, the largest open ones by name."""
    one = ask.campaign
    entitled = _by_status(Eligibility.objects.filter(campaign=one))
    claims = _by_status(Claim.objects.filter(campaign=one))
    facts = [count(f"wallets_{s.value}", f"Wallets: {s.label}", entitled.get(s, 0)) for s in E]
    facts += [count(f"claims_{s.value}", f"Claims: {s.label}", claims.get(s, 0)) for s in C]
    bars = Chart(
        "claims",
        ChartKind.BARS,
        "Claims by status",
        "claims",
        tuple(str(s.label) for s in C),
        tuple(str(claims.get(s, 0)) for s in C),
    )
    return Section("wallets", "Wallets and claims", tuple(facts), (_open(ask, claims),), (bars,))


def _by_status(rows: QuerySet[Any]) -> dict[str, int]:
    return dict(rows.order_by().values_list("status").annotate(n=Count("pk")))


def _open(ask: Ask, claims: dict[str, int]) -> Table:
    rows = Claim.objects.filter(campaign=ask.campaign, status=C.CLAIMABLE)
    found = rows.select_related("wallet", "network", "campaign__token").order_by("-amount", "id")
    told = tuple((row.wallet.label, row.network.name, _amount(row)) for row in found[:TOLD])
    columns = ("Wallet", "Network", "Amount")
    left = claims.get(C.CLAIMABLE, 0) - len(told)
    return Table("open", "Open claims", columns, told, left)


def _amount(row: Claim) -> str:
    token = row.campaign.token
    return show_amount(row.amount, token.decimals, token.symbol) if token else str(row.amount)
