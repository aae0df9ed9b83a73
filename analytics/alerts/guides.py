"""Which page of docs/alerts/ says more about a rule; they are called as Prometheus' rules are."""

from pathlib import Path

from django.conf import settings

FOLDER = "docs/alerts"
_PAGES = {
    "worker_silent": "WorkerHostGone",
    "job_failing": "JobFailing",
    "tasks_late": "TasksWaiting",
    "transactions_stuck": "TransactionsStuck",
    "needs_operator": "NeedsOperator",
    "success_rate": "SuccessRateLow",
    "approval_waiting": "ApprovalsWaiting",
    "rpc_slow": "RpcSlow",
    "rpc_down": "EndpointDown",
    "rpc_breaker_open": "EndpointBreakerOpen",
    "network_silent": "NetworkDown",
    "gas_spike": "GasPriceSpike",
    "emergency_stop": "EmergencyStopEngaged",
    "paused": "InstallationPaused",
    "protocol_breaker_open": "ProtocolBreakerOpen",
    "risk_high": "RiskLevelHigh",
    "risk_critical": "RiskLevelCritical",
    "limit_nearly_used": "LimitNearlyUsed",
    "wallets_under_minimum": "WalletsUnderMinimum",
    "contracts_changed": "ContractChanged",
    "backup_old": "BackupTooOld",
    "disk_low": "DiskLow",
    "channel_failing": "NotificationsFailing",
}


def page_of(rule: str) -> str:
    """The name of the rule's page; empty where it has none."""
    return _PAGES.get(rule, "")


def pages() -> frozenset[str]:
    """Every name there is."""
    return frozenset(_PAGES.values())


def read_page(name: str) -> str | None:
    """The page's text; None if there is no such page, or an installation has no docs/."""
    file = Path(settings.BASE_DIR) / FOLDER / f"{name}.md"
    return file.read_text() if name in pages() and file.is_file() else None
