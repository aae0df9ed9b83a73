"""What is owned, where it is and what it brought: the newest stored figures, nothing worked out."""

from collections.abc import Iterator

from django.db.models import Count
from prometheus_client.core import Metric

from airdrops_site.metrics.families import NO_LABELS, Sample, gauge, labelled, single
from airdrops_site.metrics.scrape import Scrape
from analytics.allocation.selectors import Line, latest
from analytics.figures import fresh_point
from analytics.models import Campaign, Claim, EquityPoint, RoiReading
from analytics.roi_readings import COUNTS_FOR

CENTS = 100
WHOLE = 10_000
IN_WALLETS = "wallet"


def collect(scrape: Scrape) -> Iterator[Metric]:
    """All of it."""
    point, _ = fresh_point()
    yield from _portfolio(point)
    yield from _allocation(latest())
    yield from _returns(scrape)
    campaigns = Campaign.objects.order_by().values_list("status").annotate(count=Count("pk"))
    yield gauge("campaigns", "Airdrops by their status.", ("status",), labelled(campaigns))
    claims = Claim.objects.order_by().values_list("status").annotate(count=Count("pk"))
    yield gauge("claims", "Claims by what became of them.", ("state",), labelled(claims))


def _portfolio(point: EquityPoint | None) -> Iterator[Metric]:
    """Of a sum of which a part is unknown all is unknown."""
    known = point if point is not None and point.cents is not None else None
    cents = known.cents if known else None
    parts = known.parts if known else {}
    text = "What all is worth, US dollars."
    yield gauge("portfolio_usd", text, NO_LABELS, single(None if cents is None else cents / CENTS))
    text = "Whether nobody knows what all is worth: never added up, too old, or a price is missing."
    yield gauge("portfolio_unknown", text, NO_LABELS, single(known is None))
    exposed = sorted(parts.get("protocols", {}).items())
    text = "What is inside a protocol, debts not taken off, US dollars."
    yield gauge(
        "exposure_usd", text, ("protocol",), (((name,), part / CENTS) for name, part in exposed)
    )
    text = f"Part of all that is in a protocol, debts taken off; `{IN_WALLETS}` is in none."
    yield gauge("portfolio_share", text, ("protocol",), _shares(parts, cents))


def _shares(parts: dict[str, dict[str, int]], cents: int | None) -> Iterator[Sample]:
    for name, part in sorted(parts.get("places", {}).items()):
        if cents:
            yield (name or IN_WALLETS,), part / cents


def _allocation(lines: list[Line]) -> Iterator[Metric]:
    labels = ("policy", "bucket")
    text = "Part of the capital in a bucket, as of the policy's newest run."
    current = ((one, one.current_bps) for one in lines)
    yield gauge("allocation_current_ratio", text, labels, _ratios(current))
    text = "Part of the capital that should be in a bucket."
    target = ((one, one.target_bps) for one in lines)
    yield gauge("allocation_target_ratio", text, labels, _ratios(target))


def _ratios(found: Iterator[tuple[Line, int | None]]) -> Iterator[Sample]:
    for line, bps in found:
        if bps is not None:
            yield (line.policy, line.bucket), bps / WHOLE


def _returns(scrape: Scrape) -> Iterator[Metric]:
    rows = list(RoiReading.objects.filter(at__gte=scrape.now - COUNTS_FOR))
    known = (((row.by, row.name), float(row.ratio)) for row in rows if row.ratio is not None)
    text = "What it brought less its costs, over what was laid out; 0.1 is ten per cent."
    yield gauge("roi_ratio", text, ("by", "name"), known)
    airdrops = (
        ((row.name,), float(row.received_cents) / CENTS)
        for row in rows
        if row.by == RoiReading.By.CAMPAIGN and row.received_cents is not None
    )
    text = "What came from a campaign, US dollars at the prices of then."
    yield gauge("airdrops_received_usd", text, ("campaign",), airdrops)
