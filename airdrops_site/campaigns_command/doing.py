"""`campaigns status`, `receipts` and `receive`."""

from typing import Any

from airdrops_site.answers import Answer, table
from airdrops_site.campaigns_command.scope import Options, one
from airdrops_site.people import shell_actor
from analytics.campaigns.receiving import (
    assign_campaign,
    possible_receipts,
    record_receipts,
    take_back,
)
from analytics.campaigns.statuses import change_status
from analytics.models import LedgerEntry
from wallets.amounts import show_amount

_MOST = 200
_COLUMNS = ("Entry", "Wallet", "Amount", "From", "When")


def set_status(options: Options) -> Answer:
    """Forward, or back with a reason."""
    row = one(options["campaign"])
    old = row.status
    change_status(campaign=row, to=options["status"], actor=shell_actor(), reason=options["reason"])
    facts = {"campaign": row.slug, "from": old, "to": row.status}
    return Answer(facts, (f"{row} is {row.get_status_display().lower()} (it was {old})",))


def find_receipts(options: Options) -> Answer:
    """What is certain is written, what may be is told."""
    row = one(options["campaign"]) if options["campaign"] else None
    done = record_receipts()
    facts: dict[str, Any] = {"claims": done.claims, "entries": done.entries}
    said = f"{done.claims} claims are claimed now, {done.entries} entries are receipts now"
    if row is None:
        return Answer(facts, (said,))
    possible = list(possible_receipts(campaign=row)[:_MOST]) if row.token_id else []
    facts["possible"] = [_facts(entry) for entry in possible]
    shown = table(
        f"May be of {row}: `campaigns receive {row.slug} ENTRY …`", _COLUMNS, map(_texts, possible)
    )
    return Answer(facts, (said, shown) if possible else (said, "nothing else may be of it"))


def receive(options: Options) -> Answer:
    """A person decides."""
    row, said = one(options["campaign"]), {"actor": shell_actor(), "reason": options["reason"]}
    if options["take_back"]:
        count = take_back(entries=options["entries"], **said)
        told = f"{count} entries are no receipts of a campaign any more"
    else:
        count = assign_campaign(entries=options["entries"], campaign=row, **said)
        told = f"{count} entries are receipts of {row}"
    return Answer({"campaign": row.slug, "entries": count}, (told,))


def _facts(entry: LedgerEntry) -> dict[str, Any]:
    return {
        "entry": entry.pk,
        "wallet": entry.wallet.label,
        "token": str(entry.token),
        "amount": str(entry.amount),
        "from": entry.counterparty,
        "at": entry.occurred_at.isoformat(),
    }


def _texts(entry: LedgerEntry) -> tuple[str, ...]:
    token = entry.token
    return (
        str(entry.pk),
        entry.wallet.label,
        show_amount(entry.amount, token.decimals, token.symbol),
        entry.counterparty,
        f"{entry.occurred_at:%Y-%m-%d %H:%M}",
    )
