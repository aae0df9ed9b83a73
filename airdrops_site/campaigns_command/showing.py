"""`campaigns list`, `show` and `count`."""

from typing import Any

from airdrops_site.answers import Answer, table
from airdrops_site.campaigns_command.scope import Options, named, one
from analytics.campaign_columns import ListSums
from analytics.campaigns.counting import count_records
from analytics.campaigns.exporting import token_name
from analytics.campaigns.totals import Amount, Summary, WalletLine, facts, summary
from analytics.flows import Money
from analytics.models import Campaign
from wallets.amounts import show_amount
from wallets.models import Token

_COLUMNS = ("Campaign", "Status", "Protocol", "Token", "Expected", "Eligible", "Claims", "Received")
_WALLETS = (
    "Wallet",
    "Eligibility",
    "Entitled",
    "Claim",
    "Received",
    "Worth then",
    "Sold",
    "Sold for",
    "Left, worth now",
)


def show_all(options: Options) -> Answer:
    """Each with what is known of it in all."""
    rows = named([])
    if options["status"]:
        rows = rows.filter(status=options["status"])
    found = list(rows.order_by("slug"))
    sums = ListSums(found)
    for row in found:
        sums.put(row)
    shown = table("Campaigns", _COLUMNS, map(_texts, found))
    return Answer([_facts(row) for row in found], (shown,))


def show_one(options: Options) -> Answer:
    """What it promised, brought and cost, for each wallet."""
    found = summary(campaign=one(options["campaign"]))
    token = found.campaign.token
    shown = table("Wallets", _WALLETS, (_line(line, token) for line in found.lines))
    return Answer(facts(found), (*_sentences(found), shown))


def count(options: Options) -> Answer:
    """As many as an export has."""
    found = count_records(named(options["campaigns"]))
    told = (
        "{campaigns} campaigns, {eligibilities} eligibilities, {claims} claims: {records} records"
    )
    return Answer(found, (told.format(**found),))


def dollars(money: Money) -> str:
    """To the cent, or that nobody knows."""
    return "unknown" if money.dollars is None else f"{money.dollars:,.2f} USD"


def _sentences(found: Summary) -> list[str]:
    row = found.campaign
    money = {
        "expected": found.expected,
        "received, worth then": found.received_worth,
        "sold for": found.sold_worth,
        "left, worth now": found.left_worth,
        "cost": found.cost,
    }
    told = (f"{name}: {_with_reason(one)}" for name, one in money.items())
    return [f"{row} ({row.slug}): {row.get_status_display().lower()}", *told]


def _with_reason(money: Money) -> str:
    return f"unknown: {money.problem}" if money.dollars is None else dollars(money)


def _line(line: WalletLine, token: Token | None) -> tuple[str, ...]:
    some = bool(line.amounts)
    return (
        line.wallet.label,
        line.eligibility,
        _amount(line.entitled, token),
        line.claim,
        _amounts(line.amounts, "received"),
        dollars(line.received_worth) if some else "",
        _amounts(line.amounts, "sold"),
        dollars(line.sold_worth) if some else "",
        dollars(line.left_worth) if some else "",
    )


def _amount(number: int | None, token: Token | None) -> str:
    if number is None:
        return ""
    return show_amount(number, token.decimals, token.symbol) if token else f"{number} base units"


def _amounts(found: tuple[Amount, ...], name: str) -> str:
    return ", ".join(_amount(getattr(one, name), one.token) for one in found)


def _facts(row: Campaign) -> dict[str, Any]:
    sums: dict[str, Any] = row.sums  # type: ignore[attr-defined]
    return {
        "campaign": row.slug,
        "name": row.name,
        "status": row.status,
        "protocol": row.protocol.slug if row.protocol else None,
        "token": token_name(row.token),
        "expected_cents": row.expected_cents,
        "eligible": sums["eligible"],
        "claimed": sums["claimed"],
        "claimable": sums["open"],
        "received": {token_name(token): str(total) for token, total in sums["received"]},
    }


def _texts(row: Campaign) -> tuple[str, ...]:
    sums: dict[str, Any] = row.sums  # type: ignore[attr-defined]
    cents = row.expected_cents
    return (
        row.slug,
        row.status,
        row.protocol.slug if row.protocol else "",
        str(row.token or ""),
        "unknown" if cents is None else f"{cents / 100:,.2f} USD",
        str(sums["eligible"]),
        f"{sums['claimed']} claimed, {sums['open']} open",
        ", ".join(_amount(total, token) for token, total in sums["received"]),
    )
