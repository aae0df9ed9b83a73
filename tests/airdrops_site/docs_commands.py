"""Where each command of docs/ is executed, or what stands for it."""

import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)

# Page: the test that executes the lines of its shell blocks that begin with manage.py.
EXECUTED = {
    "actions.md": "airdrops_site/test_actions_guide.py",
    "adding-a-protocol.md": "airdrops_site/test_startprotocol.py",
    "alerting.md": "airdrops_site/test_alerting_guide.py",
    "allocation.md": "airdrops_site/test_allocation_command.py",
    "allowances.md": "airdrops_site/test_allowances_guide.py",
    "approvals.md": "airdrops_site/test_emergency_guide.py",
    "backup.md": "airdrops_site/test_backup.py",
    "books.md": "analytics/test_reconcile.py",
    "campaigns.md": "airdrops_site/test_campaigns_command.py",
    "criteria.md": "airdrops_site/test_criteria_guide.py",
    "deploying.md": "airdrops_site/test_runbook.py",
    "deployments.md": "airdrops_site/test_deployments_guide.py",
    "emergency.md": "airdrops_site/test_emergency_guide.py",
    "go-live.md": "airdrops_site/test_runbook.py",
    "health.md": "airdrops_site/test_runbook.py",
    "history.md": "airdrops_site/test_history_guide.py",
    "limits.md": "airdrops_site/test_limits_guide.py",
    "operating.md": "airdrops_site/test_tasks_guide.py",
    "portfolio.md": "airdrops_site/test_portfolio_page.py",
    "profit.md": "airdrops_site/test_ledger_guide.py",
    "reports.md": "airdrops_site/test_report_command.py",
    "restore.md": "airdrops_site/test_restore_guide.py",
    "risk.md": "airdrops_site/test_risk_guide.py",
    "runbook.md": "airdrops_site/test_runbook.py",
    "stolen-key.md": "airdrops_site/test_stolen_key_guide.py",
    "tasks.md": "airdrops_site/test_tasks_guide.py",
    "transfers.md": "airdrops_site/test_transfers_guide.py",
    "upkeep.md": "airdrops_site/test_upkeep_guide.py",
    "waiting.md": "airdrops_site/test_waiting_guide.py",
    "wallets.md": "airdrops_site/test_wallets_guide.py",
}

_UNITS = "tests/airdrops_site/test_deploy.py: systemd-analyze verifies the units"
# What cannot be executed here, or is in another form: the beginning of the line, and what stands
# for it. UNVERIFIED says that nothing does.
SUBSTITUTES = {
    r"systemctl (start|stop|status|reload|daemon-reload|enable)\b": _UNITS,
    r"systemd-sysusers$": "UNVERIFIED: it makes users of the machine",
    r"journalctl ": "UNVERIFIED: there is no journal in a test",
    r"curl -s http://127\.0\.0\.1:8080/health \| jq \.$": "tests/airdrops_site/test_deploy.py",
    r"cp deploy/systemd/\S+ /": _UNITS,
    r"docker compose -f deploy/docker/compose.yml up -d$": "UNVERIFIED: no image is built here; "
    "that all it mounts, names and copies is there: tests/airdrops_site/test_compose.py",
    r"git -C /opt/airdrops checkout \$VERSION$": "UNVERIFIED: of git itself",
    r"sh deploy/bootstrap\.sh run$": "tests/airdrops_site/test_bootstrap.py",
    r"manage\.py migrate --noinput$": "every database of the tests is made by it",
    r"manage\.py collectstatic --noinput$": "UNVERIFIED: of Django itself",
    r"pg_dump ": "tests/airdrops_site/test_no_secret_anywhere.py",
    r"sqlite3 ": "tests/airdrops_site/test_no_secret_anywhere.py",
    r"manage\.py (backup|restore)_state\b": "tests/airdrops_site/test_backup.py",
    r"manage\.py resume_state\b": "tests/airdrops_site/test_restore_guide.py",
    r"manage\.py alerts test\b": "tests/airdrops_site/test_alerting_guide.py",
    r"make audit$": "tests/airdrops_site/test_upkeep.py",
    r"make upgrade$": "UNVERIFIED: it changes the lock; the suite that it ends with is this one",
    r"uv pip install ": "tests/airdrops_site/test_startprotocol.py",
    r"pytest \$DIR$": "tests/airdrops_site/test_startprotocol.py",
}


def shell_lines() -> Iterator[tuple[str, str]]:
    """Page and line, for every line of every shell block of docs/ and the README."""
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        for block in re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL):
            yield from ((page.name, line) for line in block.splitlines() if line)


def substitute(line: str) -> str:
    """What stands for the line; empty if nothing is known to."""
    return next((told for start, told in SUBSTITUTES.items() if re.match(start, line)), "")


def how(page: str, line: str) -> str:
    """Which test executes it, or what stands for it; empty if it is not known."""
    if told := substitute(line):
        return told
    if (ROOT / "docs/alerts" / page).is_file():
        return "monitoring/test_guides.py"
    return EXECUTED.get(page, "") if line.startswith("manage.py") else ""
