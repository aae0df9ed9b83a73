"""Airdrops: campaigns, claims, and what came of them."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from tests.monitoring.dashboards.parts import bars, lines, number, page


def dashboard() -> Dashboard:
    """What was worked for, what may be claimed, what came."""
    built = page(
        "airdrops",
        "Airdrops",
        "Campaigns, claims and what was received. Unknown worth is missing, not zero.",
        since="now-30d",
    )
    for panel in (
        number(
            "Received",
            "Worth when it came of all that has a price, in USD.",
            "currencyUSD",
            ("sum(airdrops_airdrops_received_usd)", ""),
            width=6,
        ),
        number(
            "Claimable",
            "Claims that may be made and were not.",
            "short",
            ('sum(airdrops_claims{state="claimable"})', ""),
            width=6,
        ),
        number(
            "Fees, 30 d",
            "Priced fees of final transactions of 30 days.",
            "currencyUSD",
            ("sum(increase(airdrops_fees_usd_total[30d]))", ""),
            width=6,
        ),
        number(
            "Missed",
            "Claims whose time is over.",
            "short",
            ('sum(airdrops_claims{state="missed"})', ""),
            width=6,
        ),
        bars(
            "Received by campaign",
            "Worth when it came, in USD.",
            "currencyUSD",
            ("airdrops_airdrops_received_usd", "{{campaign}}"),
        ),
        bars(
            "Return by campaign",
            "What came, over what was laid out for it.",
            "percentunit",
            ('airdrops_roi_ratio{by="campaign"}', "{{name}}"),
        ),
        lines(
            "Campaigns",
            "Campaigns by status.",
            "short",
            ("sum by (status) (airdrops_campaigns)", "{{status}}"),
        ),
        lines(
            "Claims",
            "Claims by state.",
            "short",
            ("sum by (state) (airdrops_claims)", "{{state}}"),
        ),
    ):
        built.with_panel(panel)
    return built
