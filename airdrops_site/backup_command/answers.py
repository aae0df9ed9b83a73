"""What the two commands print."""

from dataclasses import asdict
from typing import Any

from airdrops_site.answers import Answer, table
from airdrops_site.backup.bringing_back import Restored
from airdrops_site.backup.checking import Checked
from airdrops_site.backup.making import Made
from airdrops_site.backup.surroundings import differences


def of_made(made: Made) -> Answer:
    """Where it is, and what it took."""
    kind = "encrypted" if made.encrypted else "NOT encrypted: keep it as you keep a key"
    said = f"{made.location}: {made.rows:,} rows in {made.bytes:,} bytes, {made.seconds} s, {kind}"
    gone = [
        f"deleted {name}, as more than AIRDROPS_BACKUP_KEEP were there" for name in made.removed
    ]
    return Answer(asdict(made), (said, *gone))


def of_checked(checked: Checked, done: str) -> Answer:
    """What the backup holds, as it says and as was seen."""
    facts = _facts(checked) | {"done": done}
    lines = (
        f"{checked.path.name}: made {facts['made_at']} by version {facts['program']} of "
        f"installation {facts['installation']}, {_form(facts)}",
        f"{facts['rows']:,} rows in {facts['tables']} tables, {facts['members']} members whole",
        *(
            f"{one['slug']}: block {one['watched_number'] or 'unknown'} was the newest seen"
            for one in checked.manifest["chain"]["networks"]
        ),
        done,
    )
    return Answer(facts, lines)


def of_restored(restored: Restored) -> Answer:
    """What came back, and what to do now."""
    facts = asdict(restored) | {
        "made_at": restored.made_at.isoformat(),
        "installation": str(restored.installation),
    }
    kept = (
        f"what was there before is kept as {restored.kept}; restore_state --forget-old deletes it"
        if restored.kept
        else "the place was empty before, so nothing is kept aside"
    )
    lines = (
        f"restored {restored.rows:,} rows of {restored.made_at:%Y-%m-%d %H:%M:%S} UTC in "
        f"{restored.seconds} s",
        kept,
        "it is PAUSED: nothing is signed until a person resumes it",
    )
    return Answer(facts, lines)


def of_settings(checked: Checked) -> tuple[Answer, int]:
    """Settings that differ; exit 1 if any does."""
    found = differences(checked.configuration)
    shown = table(
        "Settings that are not as in the backup; nothing was changed",
        ("Setting", "In the backup", "Now"),
        ((one["setting"], one["backup"] or "unset", one["now"] or "unset") for one in found),
    )
    return Answer(found, (shown if found else "all settings are as in the backup",)), int(
        bool(found)
    )


def of_forgotten(gone: list[str]) -> Answer:
    """What is no more."""
    return Answer(
        {"deleted": gone}, tuple(f"deleted {one}" for one in gone) or ("nothing is kept",)
    )


def _facts(checked: Checked) -> dict[str, Any]:
    manifest = checked.manifest
    named = ("made_at", "program", "installation", "engine", "portable", "chain")
    return {name: manifest[name] for name in named} | {
        "file": str(checked.path),
        "rows": checked.rows,
        "tables": len(manifest["rows"]),
        "members": len(manifest["members"]),
    }


def _form(facts: dict[str, Any]) -> str:
    return "portable" if facts["portable"] else f"for {facts['engine']}"
