"""`campaigns export`, `import` and `entitle`."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TextIO

from airdrops_site.answers import Answer, BadInput
from airdrops_site.campaigns_command.scope import Options, named, one
from airdrops_site.people import shell_actor
from airdrops_site.wallets_cli.verbs import tell
from analytics.campaigns.entitling import entitle
from analytics.campaigns.exporting import export as pieces
from analytics.campaigns.importing import BATCH, Imported, import_records
from analytics.campaigns.lists import read_list
from analytics.campaigns.reading import Malformed, read_records
from wallets.models import Wallet


def export(options: Options) -> Answer:
    """Into a file that appears whole, or onto the screen."""
    campaigns, name = named(options["campaigns"]), options["to"]
    form = options["format"] or ("csv" if name.lower().endswith(".csv") else "json")
    text = pieces(campaigns=campaigns, form=form)
    if not name:
        for piece in text:
            options["out"].write(piece, ending="")
        options["json"] = False  # what was asked for is out already
        return Answer(None, ())
    # A JSON list is opened and closed, a CSV has a header.
    count = _write(Path(name), text) - (1 if form == "csv" else 2)
    facts = {"file": name, "format": form, "records": count}
    return Answer(facts, (f"{count} records are in {name}",))


def _write(path: Path, text: Iterator[str]) -> int:
    """How many pieces; whoever looks sees the old file or the new one, never half of one."""
    try:
        with NamedTemporaryFile(
            "w",
            encoding="utf-8",
            newline="",
            dir=path.parent,
            prefix=f".{path.name}.",
            delete=False,
        ) as file:
            try:
                count = sum(bool(file.write(piece)) for piece in text)
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink()
                raise
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}") from error
    return count


def import_file(options: Options) -> tuple[Answer, int]:
    """All of it or nothing; refusals by line, with exit code 2."""
    path = Path(options["file"])
    with _opened(path) as file:
        done = import_records(
            read_records(file),
            actor=shell_actor(),
            reason=f"imported from {path.name[:100]}",
            dry_run=options["dry_run"],
            leave_out_tasks=options["leave_out_tasks"],
            progress=_progress,
        )
    for refusal in done.refusals:
        tell(str(refusal))
    if done.refusals:
        tell("nothing was written")
    return _imported(done, dry_run=options["dry_run"]), 2 if done.refusals else 0


def entitle_list(options: Options) -> Answer:
    """What a published list says of our wallets."""
    campaign, path = one(options["campaign"]), Path(options["file"])
    decimals = None
    if options["tokens"]:
        if campaign.token is None:
            raise BadInput(f"{campaign} has no token, so whole tokens cannot be read; set it first")
        decimals = campaign.token.decimals
    own = dict(Wallet.objects.values_list("address", "pk"))
    with _opened(path) as file:
        published = read_list(file, own=own, decimals=decimals)
    done = entitle(
        campaign=campaign,
        published=published,
        source=options["source"] or f"the list {path.name[:200]}",
        missing_not_eligible=options["missing_not_eligible"],
        dry_run=options["dry_run"],
    )
    told = (
        f"{done.eligible} of our wallets are eligible, {done.not_eligible} are not; "
        f"{done.claims} can claim with a proof; {done.others} addresses are not ours"
    )
    ending = "; nothing was written" if options["dry_run"] else f"; {done.changed} rows changed"
    return Answer({**asdict(done), "dry_run": options["dry_run"]}, (told + ending,))


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    """The file, with what is wrong in it as one sentence."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield file
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    except Malformed as error:
        raise BadInput(f"{path.name}: {error}; nothing was written") from error


def _progress(records: int) -> None:
    if records >= BATCH:
        tell(f"{records:,} records")


def _imported(done: Imported, *, dry_run: bool) -> Answer:
    counts = {kind: {one: found[one] for one in found} for kind, found in done.counts.items()}
    refusals = [{"line": one.line, "reason": one.reason} for one in done.refusals]
    facts = {"records": done.records, "dry_run": dry_run, "counts": counts, "refusals": refusals}
    if done.refusals:
        return Answer(facts, ())
    told = [
        f"{kind}: {found['added']} added, {found['changed']} changed, {found['kept']} as they were"
        for kind, found in done.counts.items()
        if sum(found.values())
    ]
    ending = ("nothing was written",) if dry_run else ()
    return Answer(facts, (*told, *ending) if told else ("the file has no records",))
