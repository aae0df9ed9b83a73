"""How campaigns look in the console: sums for a whole list with a few questions."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN
from typing import Any

from django.db.models import Count
from django.template.loader import render_to_string
from django.utils.html import format_html

from analytics.campaigns.totals import Summary, WalletLine, summary
from analytics.flows import Money
from analytics.models import Campaign, Claim, Eligibility, LedgerEntry
from analytics.selectors import valid_entries
from scheduling.gates.figures import dollars
from wallets.amounts import SumAmount
from wallets.console import show
from wallets.console.columns import column
from wallets.models import Token

MOST_LINES = 200


class ListSums:
    """Of the campaigns of one page of the list."""

    def __init__(self, campaigns: Sequence[Campaign]) -> None:
        keys = [one.pk for one in campaigns]
        self._eligible = _counted(Eligibility, "eligible", keys)
        self._claimed = _counted(Claim, "claimed", keys)
        self._open = _counted(Claim, "claimable", keys)
        self._received = _received(keys)

    def put(self, campaign: Campaign) -> None:
        """Onto the row, for the columns."""
        campaign.sums = {  # type: ignore[attr-defined]
            "eligible": self._eligible.get(campaign.pk, 0),
            "claimed": self._claimed.get(campaign.pk, 0),
            "open": self._open.get(campaign.pk, 0),
            "received": self._received.get(campaign.pk, []),
        }


def _counted(model: type[Eligibility | Claim], status: str, keys: list[int]) -> dict[int, int]:
    rows = model._default_manager.filter(campaign__in=keys, status=status).order_by()
    return dict(rows.values_list("campaign").annotate(n=Count("pk")))


def _received(keys: list[int]) -> dict[int, list[tuple[Token, int]]]:
    rows = valid_entries().filter(campaign__in=keys, kind=LedgerEntry.Kind.IN)
    sums = list(rows.values_list("campaign", "token").annotate(total=SumAmount("amount")))
    tokens = Token.objects.in_bulk({token for _, token, _ in sums})
    found: dict[int, list[tuple[Token, int]]] = defaultdict(list)
    for campaign, token, total in sums:
        found[campaign].append((tokens[token], total))
    return found


def _wallets(row: Campaign) -> Any:
    sums: dict[str, int] = row.sums  # type: ignore[attr-defined]
    return show.list_of(
        "analytics_eligibility",
        f"{sums['eligible']} eligible",
        campaign__id__exact=row.pk,
        status__exact="eligible",
    )


def _claims(row: Campaign) -> Any:
    sums: dict[str, int] = row.sums  # type: ignore[attr-defined]
    told = f"{sums['claimed']} claimed, {sums['open']} open"
    return show.list_of("analytics_claim", told, campaign__id__exact=row.pk)


def _got(row: Campaign) -> Any:
    received: list[tuple[Token, int]] = row.sums["received"]  # type: ignore[attr-defined]
    shown = (show.amount(total, one.decimals, one.symbol) for one, total in received)
    return show.joined(*shown) or show.NOTHING


def _expected(row: Campaign) -> Any:
    cents = row.expected_cents
    return show.flag("Unknown", "warning") if cents is None else dollars(cents)


def _table(row: Campaign) -> Any:
    found = summary(campaign=row)
    context = {
        "found": found,
        "token": row.token,
        "sums": {"expected": _dollars(found.expected), "cost": _dollars(found.cost)}
        | _worths(found),
        "lines": [(line, _worths(line)) for line in found.lines[:MOST_LINES]],
        "more": len(found.lines) - MOST_LINES,
    }
    return render_to_string("console/campaign.html", context)


def _worths(of: Summary | WalletLine) -> dict[str, Any]:
    names = ("received_worth", "sold_worth", "left_worth")
    return {name: _dollars(getattr(of, name)) if of.amounts else show.NOTHING for name in names}


def _dollars(money: Money) -> Any:
    """Unknown says why under the pointer."""
    if money.dollars is not None:
        cents = int((money.dollars * 100).to_integral_value(rounding=ROUND_HALF_EVEN))
        return dollars(cents)
    shown = show.flag("Unknown", "warning")
    return format_html('<span title="{}">{}</span>', money.problem, shown)


wallets = column("Wallets", _wallets)
claims = column("Claims", _claims)
got = column("Received", _got)
expected = column("Expected", _expected)
table = column("What it brings", _table)
