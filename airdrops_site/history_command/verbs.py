"""`history import`, `show` and `price`."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.db.models import Count, Max, Min, Q

from airdrops_site.answers import Answer, table
from airdrops_site.history_command.scope import add_arguments, network_of, wallets_of
from airdrops_site.tx.known import require_network
from analytics.chain_history.explorer.importing import import_file
from analytics.chain_history.pricing import price_history_rows
from analytics.chain_history.storing_transfers import name_tokens
from analytics.models import ChainScan, ChainTransaction, ChainTransfer

_COLUMNS = ("Wallet", "Network", "Read", "Transactions", "Transfers", "First", "Last", "Unpriced")


def import_arguments(parser: CommandParser) -> None:
    """A file, and the network it is of."""
    parser.add_argument("file", help="JSON or CSV as an explorer gave it")
    parser.add_argument("--network", default="", help="the network it is of, by its slug")
    parser.add_argument("--dry-run", action="store_true", help="check everything, write nothing")


def import_one(options: dict[str, Any]) -> Answer:
    """All of the file, or a sentence and nothing."""
    network, path = network_of(options), Path(options["file"])
    done = import_file(path=path, network=network, dry_run=options["dry_run"])
    if not options["dry_run"]:
        price_history_rows(network_id=network.pk)
    facts = {
        "file": path.name,
        "form": done.form,
        "rows": done.rows,
        "about_others": done.about_others,
        "transactions": done.transactions,
        "transfers": done.transfers,
        "dry_run": options["dry_run"],
    }
    news = "would be read; nothing was written" if options["dry_run"] else "new or better known"
    said = (
        f"{path.name}: {done.form}, {done.rows:,} rows; {done.transactions:,} transactions and "
        f"{done.transfers:,} transfers {news}"
    )
    others = f"{done.about_others:,} rows are about no wallet of yours and were passed over"
    return Answer(facts, (said, others) if done.about_others else (said,))


def show_arguments(parser: CommandParser) -> None:
    """Which wallets and network."""
    add_arguments(parser)


def show(options: dict[str, Any]) -> Answer:
    """By wallet and network: which blocks were read, how much is known, what is unknown."""
    require_network(options["network"])
    wallets = wallets_of(options)
    facts = _facts(wallets, options["network"])
    rows = [tuple("–" if one is None else str(one) for one in fact.values()) for fact in facts]
    problems = sorted({fact["problem"] for fact in facts if fact["problem"]})
    shown = table("History", _COLUMNS, [row[: len(_COLUMNS)] for row in rows])
    return Answer(facts, (shown, *problems))


def price(_options: dict[str, Any]) -> Answer:
    """Fill in what later prices and tokens make known."""
    named, priced = name_tokens(), price_history_rows()
    sentence = f"{priced:,} transactions were priced, {named:,} transfers tied to a token"
    return Answer({"priced": priced, "named": named}, (sentence,))


def _facts(wallets: list[Any], slug: str) -> list[dict[str, Any]]:
    wanted: dict[str, Any] = {"wallet__in": wallets}
    if slug:
        wanted["network__slug"] = slug
    unknown = Q(volume_cents=None) | Q(fee_cents=None)
    names = ("wallet__label", "network__slug")
    sent = {
        (one["wallet__label"], one["network__slug"]): one
        for one in ChainTransaction.objects.filter(**wanted)
        .order_by()
        .values(*names)
        .annotate(
            n=Count("pk"),
            first=Min("block_at"),
            last=Max("block_at"),
            unpriced=Count("pk", filter=unknown),
        )
    }
    moved = {
        (one["wallet__label"], one["network__slug"]): one["n"]
        for one in ChainTransfer.objects.filter(**wanted)
        .order_by()
        .values(*names)
        .annotate(n=Count("pk"))
    }
    scans = {
        (row.wallet.label, row.network.slug): row
        for row in ChainScan.objects.filter(**wanted).select_related("wallet", "network")
    }
    return [
        {
            "wallet": key[0],
            "network": key[1],
            "read": f"{scan.first_block}–{scan.last_block}" if (scan := scans.get(key)) else None,
            "transactions": sent[key]["n"] if key in sent else 0,
            "transfers": moved.get(key, 0),
            "first": sent[key]["first"].isoformat() if key in sent else None,
            "last": sent[key]["last"].isoformat() if key in sent else None,
            "unpriced": sent[key]["unpriced"] if key in sent else 0,
            "problem": scan.problem if scan else "",
        }
        for key in sorted({*sent, *moved, *scans})
    ]
