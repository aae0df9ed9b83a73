"""`wallets import` and `wallets add`: references to keys that are somewhere already."""

from collections.abc import Iterable
from pathlib import Path

from django.core.management.base import CommandParser

from airdrops_site.answers import BadInput
from airdrops_site.people import shell_actor
from airdrops_site.wallets_cli.verbs import Options, Said, Verb, tell
from wallets.adding.bulk import BATCH, Added, add_wallets
from wallets.adding.rows import NewWallet, Refusal, new_wallet, read_rows


def add_all(rows: Iterable[NewWallet | Refusal], options: Options, *, reason: str) -> Said:
    """Write them, and say how many; refusals are said by line, with exit code 2."""
    dry_run = options.get("dry_run", False)
    added = add_wallets(
        rows, actor=shell_actor(), reason=reason, dry_run=dry_run, progress=_progress
    )
    if added.refusals:
        for refusal in added.refusals:
            tell(str(refusal))
        tell("nothing was written")
    return Said(_value(added, dry_run=dry_run), _lines(added, dry_run=dry_run), _code(added))


def _progress(rows: int) -> None:
    if rows >= BATCH:
        tell(f"{rows:,} rows")


def _value(added: Added, *, dry_run: bool) -> dict[str, object]:
    return {
        "added": 0 if added.refusals or dry_run else added.rows,
        "rows": added.rows,
        "dry_run": dry_run,
        "rows_per_second": added.rows_per_second,
        "refusals": [{"line": one.line, "reason": one.reason} for one in added.refusals],
    }


def _lines(added: Added, *, dry_run: bool) -> list[str]:
    if added.refusals:
        return []
    count, speed = f"{added.rows:,}", f"{added.rows_per_second:,} rows a second"
    if dry_run:
        return [f"{count} wallets could be added ({speed}); nothing was written"]
    return [f"{count} wallets added ({speed}); those with keys are unverified until they signed"]


def _code(added: Added) -> int:
    return 2 if added.refusals else 0


def _import(options: Options) -> Said:
    path = Path(options["file"])
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return add_all(read_rows(file), options, reason=f"imported from {path.name[:100]}")
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error


def _import_arguments(parser: CommandParser) -> None:
    parser.add_argument("file", help="a CSV with the columns label,address,signer,tags")
    parser.add_argument("--dry-run", action="store_true", help="check everything, write nothing")


def _add(options: Options) -> Said:
    names = ("label", "address", "signer", "tags", "group")
    row = new_wallet(**{name: options[name] for name in names})
    return add_all([row], options, reason="added by hand")


def _add_arguments(parser: CommandParser) -> None:
    parser.add_argument("label")
    parser.add_argument("address")
    parser.add_argument("signer", help="watch_only, keystore:FILE, mnemonic:FILE#INDEX, …")
    add_marks(parser)


def add_marks(parser: CommandParser) -> None:
    """How the new wallets are to be found."""
    parser.add_argument("--tags", default="", help='words, like "farm batch-1"')
    parser.add_argument("--group", default="")


VERBS = (
    Verb("import", "add the wallets of a file, all or none", _import_arguments, _import),
    Verb("add", "add one whose key is somewhere already", _add_arguments, _add),
)
