"""Every rule. What is set otherwise is in AlertRule rows; names are for good: history has them."""

from analytics.alerts.facts import Rule
from analytics.alerts.looks import books, chain, own, safety, work
from analytics.alerts.providers import provided
from analytics.models.alerts import Severity

INFO, WARNING, CRITICAL = Severity.INFO, Severity.WARNING, Severity.CRITICAL

_WORK = (
    Rule(
        "worker_silent",
        "Workers are silent",
        CRITICAL,
        work.silent_hosts,
        "Look at that host and its log; start `manage.py qcluster` there, or end it for good.",
        threshold=60,
        unit="seconds",
    ),
    Rule(
        "job_failing",
        "A job of the workers fails",
        WARNING,
        work.failing_jobs,
        "The log of the workers has the error.",
        for_seconds=120,
    ),
    Rule(
        "tasks_late",
        "Due tasks wait",
        WARNING,
        work.late_tasks,
        "`manage.py health` says what the scheduler does; more workers may be needed.",
        threshold=120,
        unit="seconds",
    ),
    Rule(
        "transactions_stuck",
        "Transactions are stuck",
        WARNING,
        work.stuck,
        "Nothing is lost. `manage.py tx list --stuck` shows them; look at fees and the network.",
        unit="transactions, more than",
    ),
    Rule(
        "needs_operator",
        "Something needs an operator",
        CRITICAL,
        work.needing_a_person,
        "Each row in the console says why, and what may be asked for.",
    ),
    Rule(
        "success_rate",
        "Too many transactions fail",
        WARNING,
        work.low_success,
        "Their pages say why they reverted; an emergency stop keeps the next from being signed.",
        threshold=95,
        unit="percent, fewer than",
    ),
    Rule(
        "approval_waiting",
        "A second person is waited for",
        INFO,
        work.waiting_for_consent,
        "`manage.py approvals list` shows them.",
        for_seconds=300,
        resolves=False,
    ),
)
_CHAIN = (
    Rule(
        "rpc_slow",
        "An endpoint is slow",
        WARNING,
        chain.slow_endpoints,
        "Give it less weight, or add another endpoint of the network.",
        threshold=2_000,
        unit="milliseconds, more than",
        for_seconds=120,
    ),
    Rule(
        "rpc_down",
        "An endpoint does not answer",
        WARNING,
        chain.silent_endpoints,
        "The network's other endpoints are asked meanwhile; its page says the last error.",
        threshold=3,
        unit="errors in a row",
        for_seconds=60,
    ),
    Rule(
        "rpc_breaker_open",
        "An endpoint's breaker is open",
        WARNING,
        chain.open_breakers,
        "It is asked again by itself; its page says the last error.",
        for_seconds=60,
    ),
    Rule(
        "network_silent",
        "A network is silent",
        CRITICAL,
        chain.silent_networks,
        "Nothing can be sent or watched there. Look at its endpoints, add another.",
        threshold=120,
        unit="seconds",
        for_seconds=30,
    ),
    Rule(
        "gas_spike",
        "Gas is dear",
        WARNING,
        chain.gas_spikes,
        "The gates hold what can wait, as the limits say; `manage.py limits list`.",
        threshold=300,
        unit="percent of what is usual, more than",
    ),
)
_SAFETY = (
    Rule(
        "emergency_stop",
        "An emergency stop is engaged",
        CRITICAL,
        safety.engaged_stops,
        "Lift it in the console or with `manage.py emergency resume` when it is safe.",
    ),
    Rule(
        "paused",
        "Signing is paused",
        WARNING,
        safety.paused,
        "Read the reason before anything is resumed.",
    ),
    Rule(
        "protocol_breaker_open",
        "A protocol's breaker is open",
        WARNING,
        safety.protocol_breakers,
        "It begins nothing until a person closes it; `manage.py breaker list` says why.",
    ),
    Rule(
        "risk_high",
        "The risk is high",
        WARNING,
        safety.raised_risk,
        "`manage.py risk show` says why.",
    ),
    Rule(
        "risk_critical",
        "The risk is critical",
        CRITICAL,
        safety.critical_risk,
        "`manage.py risk show` says why; consider an emergency stop.",
    ),
    Rule(
        "risk_unknown",
        "The risk is unknown",
        WARNING,
        safety.unknown_risk,
        "Look at the workers; `manage.py risk show --now` works it out.",
    ),
    Rule(
        "limit_nearly_used",
        "A limit is nearly used",
        WARNING,
        safety.nearly_used,
        "What goes beyond it is held. `manage.py limits list` shows all.",
        threshold=90,
        unit="percent",
    ),
    Rule(
        "wallets_under_minimum",
        "Balances are too low",
        WARNING,
        safety.under_minimum,
        "`manage.py wallets balances --under-minimum` shows them.",
        for_seconds=60,
    ),
    Rule(
        "minimum_unknown",
        "Balances are unknown",
        WARNING,
        safety.unknown_minimums,
        "`manage.py wallets balances --refresh` says why they cannot be read.",
        for_seconds=900,
    ),
    Rule(
        "contracts_changed",
        "A registered contract has changed",
        CRITICAL,
        safety.changed_contracts,
        "`manage.py deployments list --changed` says which; they are disabled meanwhile.",
    ),
)
_BOOKS = (
    Rule(
        "unbooked",
        "Transactions are in no book",
        WARNING,
        books.unbooked,
        "The page Unbooked says why; `manage.py ledger reconcile` compares with the chain.",
        unit="transactions, more than",
        for_seconds=1_800,
    ),
    Rule(
        "claim_closing",
        "A claim window closes",
        WARNING,
        books.closing_claims,
        "`manage.py campaigns list` shows what is left to claim.",
        threshold=48,
        unit="hours",
    ),
    Rule(
        "report_ready",
        "A report is ready",
        INFO,
        books.ready_reports,
        "It is on the page Reports.",
        resolves=False,
        tell=books.told_report,
    ),
)
_UPKEEP = (
    Rule(
        "backup_old",
        "The newest backup is too old",
        CRITICAL,
        provided("backup_old"),
        "Make one with `manage.py backup_state`, and read why the last one was not made.",
    ),
    Rule(
        "operation_failed",
        "Upkeep has failed",
        CRITICAL,
        provided("operation_failed"),
        "The page Upkeep says what came out.",
    ),
    Rule(
        "operation_findings",
        "Upkeep has found something",
        WARNING,
        provided("operation_findings"),
        "The page Upkeep says what it found.",
    ),
    Rule(
        "disk_low",
        "The disk is nearly full",
        CRITICAL,
        provided("disk_low"),
        "Make room: old backups and logs, `manage.py cleanup`.",
        for_seconds=60,
    ),
)
_OWN = (
    Rule(
        "channel_failing",
        "A channel takes no messages",
        WARNING,
        own.failing_channels,
        "`manage.py alerts test CHANNEL` tries it; correct AIRDROPS_ALERT_CHANNELS.",
        threshold=3,
        unit="tries",
    ),
    Rule(
        "channels_unreadable",
        "The channels of alerts are set wrongly",
        CRITICAL,
        own.unreadable_channels,
        "Correct the setting; the workers read it at the next start.",
    ),
)
# What the evaluation finds out about itself has no look of its own.
RULE_FAILING = Rule(
    "rule_failing",
    "A rule cannot be looked at",
    WARNING,
    lambda _look: (),
    "Whether it holds is unknown; the log of the workers has the error.",
    for_seconds=60,
)
RULES = {
    rule.name: rule for rule in (*_WORK, *_CHAIN, *_SAFETY, *_BOOKS, *_UPKEEP, *_OWN, RULE_FAILING)
}
