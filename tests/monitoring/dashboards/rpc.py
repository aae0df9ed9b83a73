"""RPC & Gas: whether endpoints answer, how fast, how true, and what gas costs."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from tests.monitoring.dashboards.parts import at_least, bars, below, lines, page, section


def dashboard() -> Dashboard:
    """Endpoints by name, never by URL."""
    built = page(
        "rpc-gas",
        "RPC & Gas",
        "Endpoints by name, their answers, the networks' blocks, clocks and gas.",
    )
    _answers(built)
    _blocks(built)
    _gas(built)
    return built


def _answers(built: Dashboard) -> None:
    built.with_row(section("Answers"))
    for panel in (
        bars(
            "Answers",
            "1 when the last exchange was an answer.",
            "bool_yes_no",
            ("airdrops_rpc_up", "{{network}} {{endpoint}}"),
            steps=at_least(1),
            width=8,
        ),
        bars(
            "Left alone",
            "1 while the endpoint is not asked because it failed too often.",
            "bool_yes_no",
            ("airdrops_rpc_breaker_open", "{{network}} {{endpoint}}"),
            steps=below(1),
            width=8,
        ),
        bars(
            "Last answer",
            "Time since the endpoint last answered.",
            "s",
            (
                "time() - airdrops_rpc_last_answer_timestamp_seconds",
                "{{network}} {{endpoint}}",
            ),
            width=8,
        ),
        lines(
            "Time of answers, p95",
            "95 of 100 requests take less; the target is below 2 s.",
            "s",
            (
                "network_endpoint:airdrops_rpc_request_duration_seconds:p95_5m",
                "{{network}} {{endpoint}}",
            ),
            steps=below(2),
        ),
        lines(
            "Last recorded latency",
            "Time of the last answer recorded by the pool.",
            "s",
            ("airdrops_rpc_latency_seconds", "{{network}} {{endpoint}}"),
        ),
        lines(
            "Requests, per second",
            "How much each endpoint is asked.",
            "reqps",
            (
                "sum by (network, endpoint) "
                "(rate(airdrops_rpc_request_duration_seconds_count[5m]))",
                "{{network}} {{endpoint}}",
            ),
            width=8,
        ),
        lines(
            "Errors by kind, 15 min",
            "Errors of each endpoint by their kind.",
            "short",
            (
                "sum by (network, endpoint, kind) (increase(airdrops_rpc_errors_total[15m]))",
                "{{network}} {{endpoint}} {{kind}}",
            ),
            width=8,
        ),
        lines(
            "Part of the requests that fail, 15 min",
            "Above a tenth an alert fires.",
            "percentunit",
            ("network_endpoint:airdrops_rpc_errors:ratio_15m", "{{network}} {{endpoint}}"),
            steps=below(0.1),
            width=8,
        ),
    ):
        built.with_panel(panel)


def _blocks(built: Dashboard) -> None:
    built.with_row(section("Blocks and clocks"))
    for panel in (
        lines(
            "Newest block",
            "The newest block seen through each endpoint.",
            "none",
            ("airdrops_rpc_head_block", "{{network}} {{endpoint}}"),
            width=8,
        ),
        lines(
            "Behind the best",
            "Blocks between the endpoint and the best of its network.",
            "short",
            ("airdrops_rpc_lag_blocks", "{{network}} {{endpoint}}"),
            steps=below(20),
            width=8,
        ),
        lines(
            "Clock",
            "The machine's clock against the newest block of each network.",
            "s",
            ("airdrops_clock_skew_seconds", "{{network}}"),
            width=8,
        ),
        lines(
            "Errors in a row",
            "Exchanges without an answer since the last answer.",
            "short",
            ("airdrops_rpc_consecutive_errors", "{{network}} {{endpoint}}"),
            width=24,
        ),
    ):
        built.with_panel(panel)


def _gas(built: Dashboard) -> None:
    built.with_row(section("Gas and fees"))
    for panel in (
        lines(
            "Gas price",
            "What gas costs, in gwei.",
            "gwei",
            ("airdrops_gas_price_wei / 1e9", "{{network}}"),
            ("network:airdrops_gas_price_wei:median_7d / 1e9", "{{network}} median of 7 d"),
        ),
        bars(
            "Gas against its weekly median",
            "From three times on an alert fires after 15 minutes.",
            "x",
            (
                "max by (network) (airdrops_gas_price_wei) "
                "/ network:airdrops_gas_price_wei:median_7d",
                "{{network}}",
            ),
            steps=((None, "green"), (2, "orange"), (3, "red")),
        ),
        lines(
            "Fees in the network's coin, 1 d",
            "Fees of final transactions of a day, in whole coins.",
            "short",
            ("network:airdrops_fees_native:increase_1d", "{{network}}"),
        ),
        lines(
            "Wallets",
            "Wallets of each network, and those below their minimum.",
            "short",
            ("airdrops_wallets", "{{network}}"),
            ("airdrops_wallets_under_minimum", "{{network}} under minimum"),
        ),
    ):
        built.with_panel(panel)
