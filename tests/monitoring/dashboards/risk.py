"""Risk Management: the level, what limits leave, and what was refused or raised."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from tests.monitoring.dashboards.parts import NONE_WANTED, bars, lines, number, page, rows, section

_LEVELS = ((None, "green"), (1, "yellow"), (2, "orange"), (3, "red"))
_USED = ((None, "green"), (0.8, "orange"), (1, "red"))


def dashboard() -> Dashboard:
    """Level, limits, exposure, alerts."""
    built = page(
        "risk-management",
        "Risk Management",
        "The risk level, exposure, limits, refusals and alerts. Unknown is not zero.",
        since="now-7d",
    )
    _level(built)
    _limits(built)
    _alerts(built)
    return built


def _level(built: Dashboard) -> None:
    for panel in (
        number(
            "Risk level",
            "0 low, 1 medium, 2 high, 3 critical; unknown before it was worked out.",
            "short",
            ("airdrops_risk_level", ""),
            _LEVELS,
            width=6,
        ),
        number(
            "Emergency stops",
            "Engaged stops of any scope.",
            "short",
            ("sum(airdrops_emergency_stops)", ""),
            NONE_WANTED,
            width=6,
        ),
        number(
            "Most used limit",
            "The highest part used of any limit.",
            "percentunit",
            ("max(airdrops_limit_used_ratio)", ""),
            _USED,
            width=6,
        ),
        number(
            "Below its height of a day",
            "How far the portfolio is under the most it was within a day.",
            "percentunit",
            ("1 - airdrops_portfolio_usd / max_over_time(airdrops_portfolio_usd[1d])", ""),
            ((None, "green"), (0.1, "orange"), (0.25, "red")),
            width=6,
        ),
        lines(
            "Risk level",
            "0 low, 1 medium, 2 high, 3 critical.",
            "short",
            ("airdrops_risk_level", "level"),
            steps=_LEVELS,
        ),
        lines(
            "Exposure",
            "Value in each protocol, in USD.",
            "currencyUSD",
            ("sum by (protocol) (airdrops_exposure_usd)", "{{protocol}}"),
        ),
    ):
        built.with_panel(panel)


def _limits(built: Dashboard) -> None:
    built.with_row(section("Limits and gates"))
    for panel in (
        bars(
            "Limits used",
            "Part used of each limit of the running day or hour; nothing passes 100 %.",
            "percentunit",
            ("max by (limit, scope) (airdrops_limit_used_ratio)", "{{limit}} ({{scope}})"),
            steps=_USED,
        ),
        lines(
            "Held and refused, 1 h",
            "What the gates answered to runs and signatures, without what they allowed.",
            "short",
            (
                "sum by (gate, answer) (increase(airdrops_gate_refusals_total[1h]))",
                "{{gate}} {{answer}}",
            ),
        ),
        lines(
            "Stops by scope",
            "Engaged emergency stops over time.",
            "short",
            ("sum by (scope) (airdrops_emergency_stops)", "{{scope}}"),
            width=24,
        ),
    ):
        built.with_panel(panel)


def _alerts(built: Dashboard) -> None:
    built.with_row(section("Alerts"))
    for panel in (
        lines(
            "Firing, by Prometheus",
            "How many of Prometheus' rules fire, by severity.",
            "short",
            ('count by (severity) (ALERTS{alertstate="firing"})', "{{severity}}"),
        ),
        lines(
            "Firing, by the system itself",
            "Open alerts of the rules inside, by severity.",
            "short",
            ("sum by (severity) (airdrops_alerts_firing)", "{{severity}}"),
        ),
        lines(
            "Messages, 1 h",
            "What became of messages about the system's own alerts.",
            "short",
            (
                "sum by (channel, outcome) (increase(airdrops_alert_notifications_total[1h]))",
                "{{channel}} {{outcome}}",
            ),
        ),
        rows(
            "Firing now",
            "docs/alerts has a page for each.",
            "short",
            ('ALERTS{alertstate="firing"}', ""),
            width=12,
        ),
    ):
        built.with_panel(panel)
