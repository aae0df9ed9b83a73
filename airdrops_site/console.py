"""How the console is titled, coloured and navigated; read by the settings."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

_BADGES = {
    "devnet": ["Devnet", "info"],
    "testnet": ["Testnet", "warning"],
    "mainnet": ["Mainnet", "danger"],
}
_INDIGO = {
    "50": "oklch(96.2% .018 272.314)",
    "100": "oklch(93% .034 272.788)",
    "200": "oklch(87% .065 274.039)",
    "300": "oklch(78.5% .115 274.713)",
    "400": "oklch(67.3% .182 276.935)",
    "500": "oklch(58.5% .233 277.117)",
    "600": "oklch(51.1% .262 276.966)",
    "700": "oklch(45.7% .24 277.023)",
    "800": "oklch(39.8% .195 277.366)",
    "900": "oklch(35.9% .144 278.697)",
    "950": "oklch(25.7% .09 281.288)",
}


def environment(_request: HttpRequest) -> list[str]:
    """The widest kind of chain that can be reached from here, on every page."""
    from django.conf import settings

    return _BADGES[settings.CHAIN_ACCESS]


def waiting_for_operator(_request: HttpRequest) -> str:
    """How many transactions only a person can settle; empty for none."""
    from airdrops_site.dashboard import count_up_to
    from wallets.models import Transaction

    found = count_up_to(Transaction.objects.filter(state="needs_operator"))
    return str(found) if found else ""


def waiting_for_approval(_request: HttpRequest) -> str:
    """How many runs wait for a second person; empty for none."""
    from airdrops_site.dashboard import count_up_to
    from scheduling.approvals.asking import waiting_approvals

    found = count_up_to(waiting_approvals())
    return str(found) if found else ""


def firing_alerts(_request: HttpRequest) -> str:
    """How many alerts fire that nobody has acknowledged; empty for none."""
    from airdrops_site.dashboard import count_up_to
    from analytics.alerts.selectors import unseen_alerts

    found = count_up_to(unseen_alerts())
    return str(found) if found else ""


def item(title: str, icon: str, label: str, **more: Any) -> dict[str, Any]:
    """A line of the sidebar, shown to whoever may see the rows of `app.model`."""
    app, _, model = label.partition(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{model}_changelist"),
        "permission": partial(_may_view, f"{app}.view_{model}"),
        **more,
    }


def _may_view(permission: str, request: HttpRequest) -> bool:
    user: Any = request.user
    return bool(user.has_perm(permission))


def group(title: str, *items: dict[str, Any], closed: bool = False) -> dict[str, Any]:
    """A part of the sidebar; a closed one opens on a click."""
    return {"title": title, "items": list(items), "collapsible": closed, "separator": closed}


DASHBOARD = {"title": "Dashboard", "icon": "space_dashboard", "link": reverse_lazy("admin:index")}

NAVIGATION = [
    {"items": [DASHBOARD]},
    group(
        "Alerts",
        item(
            "Alerts",
            "notifications_active",
            "analytics.alert",
            badge="airdrops_site.console.firing_alerts",
            badge_variant="danger",
        ),
        item("Silences", "notifications_off", "analytics.silence"),
        item("Alert rules", "tune", "analytics.alertrule"),
        item("Notifications", "outgoing_mail", "analytics.notification"),
    ),
    group(
        "Work",
        item("Tasks", "event_repeat", "scheduling.task"),
        item("Runs", "play_circle", "scheduling.run"),
        item("Plans", "playlist_add_check", "scheduling.plan"),
        item(
            "Approvals",
            "how_to_reg",
            "scheduling.approval",
            badge="airdrops_site.console.waiting_for_approval",
            badge_variant="warning",
        ),
        item(
            "Transactions",
            "receipt_long",
            "wallets.transaction",
            badge="airdrops_site.console.waiting_for_operator",
            badge_variant="danger",
        ),
        item("Signed requests", "draw", "wallets.signedrequest"),
    ),
    group(
        "Books and campaigns",
        item("Ledger", "menu_book", "analytics.ledgerentry"),
        item("Profit", "savings", "analytics.ledgerentry", link=reverse_lazy("profit")),
        item("Campaigns", "paragliding", "analytics.campaign"),
        item("Eligibility", "fact_check", "analytics.eligibility"),
        item(
            "Where wallets stand",
            "leaderboard",
            "analytics.criterionresult",
            link=reverse_lazy("criteria"),
        ),
        item("Evaluations", "rule", "analytics.criterionevaluation"),
        item("Results of evaluations", "checklist", "analytics.criterionresult"),
        item("Attestations", "verified", "analytics.attestation"),
        item("Claims", "redeem", "analytics.claim"),
        item("Past transactions", "history_edu", "analytics.chaintransaction"),
        item("Past transfers", "swap_vert", "analytics.chaintransfer"),
        item("Blocks read", "grid_view", "analytics.chainscan"),
        item("Unbooked", "pending_actions", "analytics.unbooked"),
        item("Portfolio", "pie_chart", "analytics.equitypoint", link=reverse_lazy("portfolio")),
        item("Equity", "monitoring", "analytics.equitypoint"),
        item("Reports", "summarize", "analytics.report"),
    ),
    group(
        "Capital",
        item("Allocation", "donut_small", "analytics.allocationpolicy"),
        item("Targets", "target", "analytics.allocationrun"),
        item("Rebalances", "balance", "analytics.rebalance"),
        item("Rebalances done", "event_available", "analytics.rebalanceevent"),
        item("Rollups", "functions", "analytics.rollup"),
    ),
    group(
        "Wallets and networks",
        item("Wallets", "account_balance_wallet", "wallets.wallet"),
        item("Balances", "account_balance", "wallets.balance"),
        item("Balance history", "show_chart", "wallets.balancepoint"),
        item("Balance readings", "photo_camera", "wallets.balancesnapshot"),
        item("Networks", "hub", "wallets.network"),
        item("Endpoints", "cell_tower", "wallets.rpcendpoint"),
        item("Tokens", "toll", "wallets.token"),
        item("Prices", "sell", "wallets.price"),
        item("Price feeds", "rss_feed", "wallets.pricefeed"),
        item("Price history", "timeline", "wallets.pricepoint"),
        item("Positions", "inventory_2", "protocols.positionreading"),
        item("Protocols", "extension", "protocols.protocol"),
        item("Deployments", "contract", "protocols.deployment"),
    ),
    group(
        "Safety",
        item(
            "Emergency stop",
            "emergency_home",
            "wallets.emergencystop",
            link=reverse_lazy("emergency"),
        ),
        item("Stops and their history", "history", "wallets.emergencystop"),
        item("Pauses", "pause_circle", "scheduling.pause"),
        item("Risk", "warning", "scheduling.riskreading"),
        item("Responses to risk", "rule", "scheduling.riskresponse"),
        item("Limits", "speed", "wallets.limit"),
        item("Limit overrides", "tune", "wallets.limitoverride"),
        item("Breakers", "electric_bolt", "scheduling.breaker"),
        item("Allowed hours", "more_time", "scheduling.allowedhours"),
        item("Minimum balances", "water_drop", "wallets.minimumbalance"),
        item("Policy rules", "policy", "wallets.policyrule"),
        item("Approved calls", "task_alt", "protocols.approvedcall"),
        item("Allowances", "key_vertical", "wallets.allowance"),
        item("Allowance readings", "document_scanner", "wallets.allowancescan"),
        item("Address book", "contacts", "wallets.addressbookentry"),
        item("Reservations", "savings", "wallets.spendreservation"),
    ),
    group(
        "Under the hood",
        item("Occurrences", "schedule", "scheduling.occurrence"),
        item("Steps", "format_list_numbered", "scheduling.step"),
        item("Position rows", "list", "protocols.positionrow"),
        item("Plan lines", "list_alt", "scheduling.planline"),
        item("Run allowances", "key", "scheduling.runallowance"),
        item("Task wallets", "link", "scheduling.taskwallet"),
        item("Gates' refusals", "front_hand", "scheduling.gatecount"),
        item("Gas readings", "local_gas_station", "wallets.gasreading"),
        item("Task dependencies", "account_tree", "scheduling.taskdependency"),
        item("Wallet groups", "folder", "wallets.walletgroup"),
        item("Wallet tags", "sell", "wallets.wallettag"),
        item("Nonce lanes", "conveyor_belt", "wallets.noncelane"),
        item("Attempts", "signature", "wallets.attempt"),
        item("Endpoint answers", "forum", "wallets.endpointanswer"),
        item("Receipts", "receipt", "wallets.receipt"),
        item("State changes", "history", "wallets.transition"),
        item("Allocation buckets", "pie_chart", "analytics.allocationbucket"),
        item("Allocation caps", "vertical_align_top", "analytics.allocationcap"),
        item("Counted balances", "add_circle", "analytics.countedbalance"),
        item("Ledger cursors", "bookmark", "analytics.ledgercursor"),
        item("Rollup marks", "flag", "analytics.rollupmark"),
        item("Rollup dirt", "refresh", "analytics.rollupdirt"),
        item("Cost basis", "bookmark", "analytics.basischeckpoint"),
        item("Profit by day", "calendar_month", "analytics.profitday"),
        item("Returns", "percent", "analytics.roireading"),
        closed=True,
    ),
    group(
        "Workers",
        item("Clusters", "dns", "wallets.workercluster"),
        item("Wake-ups", "alarm", "wallets.wakeup"),
        item("Leases", "lock_clock", "wallets.lease"),
        item("Tallies", "tag", "wallets.tally"),
        item("Fresh counts", "plus_one", "wallets.tallydelta"),
        item("Counted jobs", "fact_check", "analytics.jobmark"),
        item("Installation", "deployed_code", "wallets.installation"),
        item("Upkeep", "home_repair_service", "airdrops_site.operation"),
        item("Restores", "settings_backup_restore", "airdrops_site.restore"),
        item("Queued jobs", "pending", "django_q.ormq"),
        item("Failed jobs", "error", "django_q.failure"),
        item("Finished jobs", "done_all", "django_q.success"),
        item("Job schedules", "calendar_clock", "django_q.schedule"),
        closed=True,
    ),
    group(
        "People",
        item("People", "person", "auth.user"),
        item("Roles", "badge", "auth.group"),
        item("Console log", "edit_note", "admin.logentry"),
        closed=True,
    ),
]


def _file(path: str) -> Callable[[HttpRequest], str]:
    return lambda _request: static(path)


UNFOLD_SETTINGS = {
    "SITE_TITLE": "Airdrops",
    "SITE_HEADER": "Airdrops",
    "SITE_SYMBOL": "paragliding",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": _file("airdrops/icon.svg")},
    ],
    # Django's log of changes made by hand is a list of its own; rows show their own history.
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "airdrops_site.console.environment",
    "DASHBOARD_CALLBACK": "airdrops_site.dashboard.add_to_context",
    "COLORS": {"primary": _INDIGO},
    "STYLES": [_file("airdrops/console.css")],
    "SCRIPTS": [_file("airdrops/console.js")],
    "SIDEBAR": {"show_search": False, "navigation": NAVIGATION},
}
