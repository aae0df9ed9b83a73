"""Scheduler & Transactions: what is due, running, waiting, on its way."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from tests.monitoring.dashboards.parts import NONE_WANTED, bars, below, lines, number, page, section


def dashboard() -> Dashboard:
    """Tasks, runs, jobs and the pipeline."""
    built = page(
        "scheduler-transactions",
        "Scheduler & Transactions",
        "Tasks, runs, the queue, workers, and every transaction's state.",
    )
    _tasks(built)
    _workers(built)
    _transactions(built)
    return built


def _tasks(built: Dashboard) -> None:
    built.with_row(section("Tasks and runs"))
    for panel in (
        number("Tasks on", "Standing orders that are enabled.", "short", _tasks_on()),
        number(
            "Due now",
            "Due tasks that are not runs yet.",
            "short",
            ("airdrops_tasks_due", ""),
        ),
        number(
            "Longest wait",
            "How long the longest waiting due task has waited.",
            "s",
            ("airdrops_task_wait_seconds", ""),
            below(300),
        ),
        number("Jobs queued", "Wake-ups in the queue.", "short", ("airdrops_queue_jobs", "")),
        number(
            "Oldest job",
            "How long the oldest wake-up has waited.",
            "s",
            ("airdrops_queue_oldest_seconds", ""),
            below(300),
        ),
        number(
            "Stuck",
            "Transactions with a nonce for long that are in no block.",
            "short",
            ("sum(airdrops_transactions_stuck)", ""),
            NONE_WANTED,
        ),
        bars(
            "Runs by state",
            "Runs by the state they are in.",
            "short",
            ("sum by (state) (airdrops_runs)", "{{state}}"),
        ),
        lines(
            "Runs ended, 1 h",
            "Runs that ended, by protocol and how.",
            "short",
            (
                "sum by (protocol, outcome) (increase(airdrops_runs_total[1h]))",
                "{{protocol}} {{outcome}}",
            ),
        ),
    ):
        built.with_panel(panel)


def _tasks_on() -> tuple[str, str]:
    return 'sum(airdrops_tasks{enabled="true"})', ""


def _workers(built: Dashboard) -> None:
    built.with_row(section("Workers and jobs"))
    for panel in (
        lines(
            "Heartbeats",
            "Age of the newest sign of life of each host.",
            "s",
            ("airdrops_worker_heartbeat_age_seconds", "{{host}}"),
            steps=below(60),
            width=8,
        ),
        lines(
            "Jobs, per second",
            "Jobs that ended.",
            "ops",
            ("sum by (path) (rate(airdrops_jobs_total[5m]))", "{{path}}"),
            width=8,
        ),
        lines(
            "Failed jobs, 1 h",
            "Jobs that ended with an error, counted by the workers and by the pulse.",
            "short",
            ('sum by (path) (increase(airdrops_jobs_total{outcome="failed"}[1h]))', "{{path}}"),
            ("sum by (path) (increase(airdrops_wakeup_failures_total[1h]))", "{{path}} (wake-up)"),
            width=8,
        ),
        lines(
            "Failure rate of jobs, 1 h",
            "The target is below 1 %.",
            "percentunit",
            ("airdrops:jobs:failure_ratio_1h", "failed"),
            steps=below(0.01),
            width=24,
        ),
    ):
        built.with_panel(panel)


def _transactions(built: Dashboard) -> None:
    built.with_row(section("Transactions"))
    for panel in (
        bars(
            "By state",
            "Transactions by the state they are in; docs/transactions.md explains each.",
            "short",
            ("sum by (state) (airdrops_transactions)", "{{state}}"),
        ),
        lines(
            "In no block yet",
            "Transactions with a nonce that are in no block, and those so for long.",
            "short",
            ("airdrops_transactions_pending", "{{network}} pending"),
            ("airdrops_transactions_stuck", "{{network}} stuck"),
        ),
        lines(
            "Ended, 1 h",
            "Ends for good by network, protocol and outcome.",
            "short",
            (
                "sum by (network, protocol, outcome) (increase(airdrops_transactions_total[1h]))",
                "{{network}} {{protocol}} {{outcome}}",
            ),
            width=24,
        ),
    ):
        built.with_panel(panel)
