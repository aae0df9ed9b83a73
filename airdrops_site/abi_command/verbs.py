"""The verbs of `manage.py abi`: take over a newer ABI, look at all there are."""

from pathlib import Path
from typing import Any

from airdrops_site.answers import Answer, BadInput, table
from protocols.abi import abi_names, load_abi
from protocols.abi_updates import Difference, abi_path, compare, read_fragments, write_fragments
from protocols.actions import Adapter
from protocols.codec import AbiError
from protocols.registry import UnknownAction, adapters, get_adapter

Options = dict[str, Any]
Said = tuple[Answer, int]
# A router has a hundred functions; the first say what kind of file it is.
_MOST_SHOWN = 12


def update(options: Options) -> Said:
    """Take over what a newer ABI says of the fragments we use; refused whole if any breaks."""
    adapter, name = _named(options["abi"])
    path = abi_path(adapter.package, name)
    found = compare(_read(path), _read(Path(options["file"])))
    if found.breaking:
        raise BadInput(
            f"{options['file']} breaks {options['abi']}, nothing was written: "
            f"{'; '.join(found.breaking)}"
        )
    if not options["dry_run"]:
        write_fragments(path, found.fragments)
    return _told(options, found), 0


def check(_options: Options) -> Said:
    """Every ABI file of every adapter; exit 1 where one cannot be read."""
    lines = [
        _line(adapter, name)
        for adapter in sorted(adapters().values(), key=lambda one: one.slug)
        for name in abi_names(adapter.package)
    ]
    columns = ("ABI", "Functions", "Events", "Errors", "Problem")
    shown = table("ABIs", columns, (tuple(str(cell) for cell in line.values()) for line in lines))
    return Answer(lines, (shown,)), 1 if any(line["problem"] for line in lines) else 0


def _line(adapter: Adapter, name: str) -> dict[str, Any]:
    line = {"abi": f"{adapter.slug}/{name}", "functions": 0, "events": 0, "errors": 0}
    try:
        abi = load_abi(adapter.package, name)
    except (AbiError, KeyError, TypeError, ValueError) as error:
        return {**line, "problem": f"it cannot be read: {error}"}
    counts = (len(one) for one in (abi.functions, abi.events, abi.errors))
    return {**dict(zip(line, (line["abi"], *counts), strict=True)), "problem": ""}


def _named(text: str) -> tuple[Adapter, str]:
    slug, slash, name = text.partition("/")
    if not slash:
        raise BadInput(f"{text} names no ABI; write PROTOCOL/NAME, like evm/erc20")
    try:
        adapter = get_adapter(slug)
    except UnknownAction as error:
        raise BadInput(str(error)) from error
    if name not in (known := abi_names(adapter.package)):
        raise BadInput(f"{slug} has no ABI {name}; it has {', '.join(known)}")
    return adapter, name


def _read(path: Path) -> Any:
    try:
        return read_fragments(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise BadInput(str(error)) from error


def _told(options: Options, found: Difference) -> Answer:
    facts = {
        "abi": options["abi"],
        "dry_run": options["dry_run"],
        "kept": len(found.fragments),
        "changed": list(found.changed),
        "removed": list(found.removed),
        "added": list(found.added),
    }
    done = "would be written" if options["dry_run"] else "written"
    lines = [f"{options['abi']}: {len(found.fragments)} fragments {done}."]
    lines += [f"changed: {text}" for text in found.changed]
    lines += [f"removed: {text}" for text in found.removed]
    lines += [f"new there, not used: {text}" for text in found.added[:_MOST_SHOWN]]
    if len(found.added) > _MOST_SHOWN:
        lines.append(f"and {len(found.added) - _MOST_SHOWN} more that are not used")
    return Answer(facts, tuple(lines))
