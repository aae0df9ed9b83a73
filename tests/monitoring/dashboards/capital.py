"""Capital Allocation: where value is, where it should be, and what it brought."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from tests.monitoring.dashboards.parts import bars, lines, number, page, section


def dashboard() -> Dashboard:
    """Value, shares, rebalances, returns and costs."""
    built = page(
        "capital-allocation",
        "Capital Allocation",
        "Where value is, where it should be, what it brought and cost. Unknown is not zero.",
        since="now-7d",
    )
    _value(built)
    _targets(built)
    _returns(built)
    return built


def _value(built: Dashboard) -> None:
    for panel in (
        number(
            "Portfolio",
            "What all wallets hold and have in protocols, in USD; unknown while a price is.",
            "currencyUSD",
            ("airdrops_portfolio_usd", ""),
            width=6,
        ),
        number(
            "Change, 1 d",
            "Against a day ago; deposits and withdrawals count too.",
            "percentunit",
            ("airdrops_portfolio_usd / airdrops_portfolio_usd offset 1d - 1", ""),
            ((None, "red"), (-0.1, "orange"), (0, "green")),
            width=6,
        ),
        number(
            "Fees, 1 d",
            "Fees of final transactions of the last day, as far as they have a price.",
            "currencyUSD",
            ("sum(increase(airdrops_fees_usd_total[1d]))", ""),
            width=6,
        ),
        number(
            "Fees without a price, 1 d",
            "Final transactions whose fee is missing in the sum beside.",
            "short",
            ("sum(increase(airdrops_fees_unpriced_total[1d]))", ""),
            ((None, "green"), (1, "orange")),
            width=6,
        ),
        lines(
            "Portfolio",
            "Gaps are times when something had no price.",
            "currencyUSD",
            ("airdrops_portfolio_usd", "portfolio"),
        ),
        lines(
            "Distribution",
            "Share of each protocol; what is in wallets has a line of its own.",
            "percentunit",
            ("sum by (protocol) (airdrops_portfolio_share)", "{{protocol}}"),
        ),
    ):
        built.with_panel(panel)


def _targets(built: Dashboard) -> None:
    built.with_row(section("Targets and rebalances"))
    for panel in (
        bars(
            "Now",
            "Share of each bucket now.",
            "percentunit",
            ("airdrops_allocation_current_ratio", "{{policy}} {{bucket}}"),
            width=6,
        ),
        bars(
            "Target",
            "Share that the policy wants, as last worked out.",
            "percentunit",
            ("airdrops_allocation_target_ratio", "{{policy}} {{bucket}}"),
            width=6,
        ),
        lines(
            "Off target",
            "Share now minus its target.",
            "percentunit",
            (
                "airdrops_allocation_current_ratio - airdrops_allocation_target_ratio",
                "{{policy}} {{bucket}}",
            ),
            steps=((None, "red"), (-0.1, "green"), (0.1, "red")),
        ),
        lines(
            "Rebalances, 7 d",
            "What became of proposed rebalances.",
            "short",
            (
                "sum by (policy, outcome) (increase(airdrops_rebalances_total[7d]))",
                "{{policy}} {{outcome}}",
            ),
            width=24,
        ),
    ):
        built.with_panel(panel)


def _returns(built: Dashboard) -> None:
    built.with_row(section("Returns and costs"))
    for panel in (
        bars(
            "Return on what was laid out",
            "Gain divided by cost, by what it is counted for; unknown ones are missing.",
            "percentunit",
            ("airdrops_roi_ratio", "{{by}} {{name}}"),
        ),
        lines(
            "Return, history",
            "The same over time.",
            "percentunit",
            ("airdrops_roi_ratio", "{{by}} {{name}}"),
        ),
        lines(
            "Fees in USD, 1 d",
            "Priced fees of final transactions of a day.",
            "currencyUSD",
            ("sum by (protocol) (increase(airdrops_fees_usd_total[1d]))", "{{protocol}}"),
            width=24,
        ),
    ):
        built.with_panel(panel)
