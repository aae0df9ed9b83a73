"""System Overview: whether it runs, and the figures with targets."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from tests.monitoring.dashboards.parts import (
    NONE_WANTED,
    at_least,
    bars,
    below,
    lines,
    number,
    page,
    rows,
    section,
)


def dashboard() -> Dashboard:
    """What to look at first."""
    built = page(
        "system-overview",
        "System Overview",
        "Whether the system runs, its targets, what waits for a person. Unknown is not zero.",
    )
    _health(built)
    _targets(built)
    _work(built)
    return built


def _health(built: Dashboard) -> None:
    built.with_row(section("Is it running?"))
    for panel in (
        number(
            "Database",
            "1 when the facts can be read from the database. At 0 nothing is signed.",
            "bool_yes_no",
            ("min(airdrops_database_up)", ""),
            at_least(1),
        ),
        number(
            "Newest heartbeat",
            "Age of the newest sign of life of any worker. From a minute on none is alive.",
            "s",
            ("min(airdrops_worker_heartbeat_age_seconds)", ""),
            below(60),
        ),
        number(
            "Emergency stops",
            "Engaged stops of any scope; nothing is signed in it.",
            "short",
            ("sum(airdrops_emergency_stops)", ""),
            NONE_WANTED,
        ),
        number(
            "Waits for a person",
            "Everything that only a person can end, added up.",
            "short",
            ("sum(airdrops_alerts)", ""),
            NONE_WANTED,
        ),
        number(
            "Newest backup",
            "Age of the newest finished backup; unknown when none was ever made.",
            "s",
            (
                'time() - max(airdrops_operation_last_done_timestamp_seconds{operation="backup"})',
                "",
            ),
            below(26 * 3600),
        ),
        number(
            "Free disk",
            "Free part of the disk with the data folder.",
            "percentunit",
            ("min(airdrops_disk_free_ratio)", ""),
            at_least(0.1),
        ),
    ):
        built.with_panel(panel)


def _targets(built: Dashboard) -> None:
    built.with_row(section("Targets"))
    for panel in (
        number(
            "Success rate, 1 h (> 95 %)",
            "Of the transactions that ended, those that did what they should; without those that "
            "an operator cancelled or replaced. Unknown when none ended.",
            "percentunit",
            ("airdrops:transactions:success_ratio_1h", ""),
            at_least(0.95),
            width=6,
        ),
        number(
            "Failed jobs, 1 h (< 1 %)",
            "Jobs that ended with an error nobody expected.",
            "percentunit",
            ("airdrops:jobs:failure_ratio_1h", ""),
            below(0.01),
            width=6,
        ),
        number(
            "Slowest endpoint, p95 (< 2 s)",
            "95th percentile of the time of answers of the slowest endpoint.",
            "s",
            ("max(network_endpoint:airdrops_rpc_request_duration_seconds:p95_5m)", ""),
            below(2),
            width=6,
        ),
        number(
            "Wallets under minimum (0)",
            "Wallets whose balance is below what was set for them.",
            "short",
            ("sum(airdrops_wallets_under_minimum)", ""),
            NONE_WANTED,
            width=6,
        ),
        lines(
            "Success rate by protocol, 1 h",
            "The same for each protocol; the line is the target.",
            "percentunit",
            ("protocol:airdrops_transactions:success_ratio_1h", "{{protocol}}"),
            steps=at_least(0.95),
        ),
        lines(
            "Transactions ended, 1 h",
            "Ends for good, by what became of them.",
            "short",
            ("sum by (outcome) (increase(airdrops_transactions_total[1h]))", "{{outcome}}"),
        ),
    ):
        built.with_panel(panel)


def _work(built: Dashboard) -> None:
    built.with_row(section("What needs attention"))
    for panel in (
        rows(
            "Firing alerts",
            "What Prometheus' rules say now; docs/alerts has a page for each.",
            "short",
            ('ALERTS{alertstate="firing"}', ""),
            width=12,
        ),
        bars(
            "Waits for a person, by kind",
            "Each kind has its page in the console.",
            "short",
            ("sum by (kind) (airdrops_alerts)", "{{kind}}"),
            steps=NONE_WANTED,
        ),
        bars(
            "Last transaction of each protocol",
            "Time since the last transaction of the protocol.",
            "s",
            (
                "time() - max by (protocol) (airdrops_protocol_last_transaction_timestamp_seconds)",
                "{{protocol}}",
            ),
        ),
        number(
            "Backup size",
            "Bytes of the newest backup.",
            "bytes",
            ("airdrops_backup_bytes", ""),
        ),
        rows(
            "Versions",
            "What is running.",
            "short",
            ("airdrops_build_info", ""),
            width=8,
        ),
    ):
        built.with_panel(panel)
