"""`wallets list` and `wallets show`, and the words by which wallets are found."""

from typing import Any

from django.core.management.base import CommandParser
from django.db.models import QuerySet
from rich.table import Table

from airdrops_site.answers import BadInput
from airdrops_site.wallets_cli.verbs import Options, Said, Verb, wallet_of
from wallets.labels import refuse_word
from wallets.models import Transition, Wallet, WalletGroup, WalletTag
from wallets.verification import WALLET_HISTORY

_COLUMNS = ("label", "address", "signer", "status", "group", "tags", "reason")


def _list(options: Options) -> Said:
    found = _filtered(options)
    rows = [_line(row) for row in found[: options["limit"]]]
    table = Table(title=f"wallets: {found.count():,}")
    for name in _COLUMNS:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row[name]) for name in _COLUMNS))
    return Said(rows, [table])


def _filtered(options: Options) -> QuerySet[Wallet]:
    wanted = {
        "status": options["status"],
        "signer_kind": options["signer"],
        "tags__name": options["tag"],
        "group__name": options["group"],
        "label__icontains": options["label"],
        "address__iexact": options["address"],
    }
    found = Wallet.objects.filter(**{name: value for name, value in wanted.items() if value})
    return found.select_related("group").prefetch_related("tags").order_by("label")


def _line(row: Wallet) -> dict[str, Any]:
    return {
        "label": row.label,
        "address": row.address,
        "signer": row.signer_kind,
        "reference": row.signer_reference,
        "status": row.status,
        "group": str(row.group or ""),
        "tags": sorted(tag.name for tag in row.tags.all()),
        "reason": row.status_reason,
    }


def _cell(value: Any) -> str:
    return " ".join(value) if isinstance(value, list) else str(value)


def _list_arguments(parser: CommandParser) -> None:
    parser.add_argument("--status", choices=Wallet.Status.values, default="")
    parser.add_argument("--signer", choices=Wallet.SignerKind.values, default="")
    for option in ("--tag", "--group", "--label", "--address"):
        parser.add_argument(option, default="")
    parser.add_argument("--limit", type=int, default=50)


def _show(options: Options) -> Said:
    row = wallet_of(options["label"])
    facts = {
        **_line(row),
        "created_at": row.created_at.isoformat(timespec="seconds"),
        "verified_at": row.verified_at and row.verified_at.isoformat(timespec="seconds"),
        "lanes": [_lane(lane) for lane in row.lanes.select_related("network")],
        "history": [_change(change) for change in _history(row)],
    }
    plain = Table(title=row.label, show_header=False)
    for name, value in facts.items():
        if value not in ("", None, []) and name not in ("lanes", "history"):
            plain.add_row(name, _cell(value))
    told = [f"{one['at']} {one['from']} → {one['to']} {one['reason']}" for one in facts["history"]]
    lanes = [f"{one['network']}: baseline {one['baseline_nonce']}" for one in facts["lanes"]]
    return Said(facts, [plain, *lanes, *told])


def _lane(lane: Any) -> dict[str, Any]:
    return {
        "network": lane.network.slug,
        "baseline_nonce": lane.baseline_nonce,
        "paused": lane.pause_reason if lane.paused else "",
    }


def _history(row: Wallet) -> QuerySet[Transition]:
    return Transition.objects.filter(subject=WALLET_HISTORY, subject_id=row.pk).order_by("id")


def _change(line: Transition) -> dict[str, str]:
    return {
        "at": line.at.isoformat(timespec="seconds"),
        "from": line.from_state,
        "to": line.to_state,
        "reason": line.reason,
        "actor": line.actor,
    }


def _mark(options: Options) -> Said:
    rows = [wallet_of(label) for label in options["labels"]]
    words = options["add"] + options["remove"] + ([options["group"]] if options["group"] else [])
    if reason := next(filter(None, map(refuse_word, words)), ""):
        raise BadInput(reason)
    added = [WalletTag.objects.get_or_create(name=name)[0] for name in options["add"]]
    for row in rows:
        row.tags.add(*added)
        row.tags.remove(*WalletTag.objects.filter(name__in=options["remove"]))
    if options["group"] is not None:
        name = options["group"]
        group = WalletGroup.objects.get_or_create(name=name)[0] if name else None
        Wallet.objects.filter(pk__in=[row.pk for row in rows]).update(group=group)
    return Said({"marked": options["labels"]}, [f"{len(rows)} wallets marked"])


def _mark_arguments(parser: CommandParser) -> None:
    parser.add_argument("labels", nargs="+")
    parser.add_argument("--add", action="append", default=[], help="a tag to add; may be repeated")
    parser.add_argument("--remove", action="append", default=[], help="a tag to take away")
    parser.add_argument("--group", default=None, help='its group; "" for none')


def _show_arguments(parser: CommandParser) -> None:
    parser.add_argument("label")


VERBS = (
    Verb("list", "wallets by what they have in common", _list_arguments, _list),
    Verb("show", "one, with its lanes and history", _show_arguments, _show),
    Verb("mark", "tags and groups", _mark_arguments, _mark),
)
