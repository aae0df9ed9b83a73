"""Known holes in the packages of both locks, as the advisory services tell them.

`python -m airdrops_site.upkeep.dependencies` asks without a database: 0 none known, 1 some,
3 nobody could say. Silence of a service is unknown, never fine.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airdrops_site.upkeep.results import Result

FOLDER = Path(__file__).resolve().parents[2]
LONGEST_SECONDS = 300
FINDINGS, UNKNOWN = 1, 3


def audit_dependencies(_by: str) -> "Result":
    """Both locks; what could not be asked is unknown."""
    from airdrops_site.upkeep.results import Result

    findings, unknown = audit()
    silent = f"; of {len(unknown)} locks nobody could say" if unknown else ""
    summary = f"{len(findings)} known holes{silent}."
    return Result(summary, findings, unknown)


def audit(folder: Path = FOLDER) -> tuple[list[str], list[str]]:
    """Holes in packages of `uv.lock` and `package-lock.json`, and what nobody could say."""
    findings: list[str] = []
    unknown: list[str] = []
    for ask, what in ((_python, "uv.lock"), (_node, "package-lock.json")):
        try:
            findings += ask(folder)
        except (OSError, ValueError, KeyError, TypeError, subprocess.TimeoutExpired) as error:
            said = str(error) if isinstance(error, _Silent) else type(error).__name__
            unknown.append(f"what holes the packages of {what} have: {said}")
    return findings, unknown


class _Silent(ValueError):
    """The service did not answer, or its program is not here."""


def _python(folder: Path) -> list[str]:
    lock = tomllib.loads((folder / "uv.lock").read_text())
    kept = [one for one in lock["package"] if "registry" in one["source"]]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as names:
        names.writelines(f"{one['name']}=={one['version']}\n" for one in kept)
        names.flush()
        asked = ["--requirement", names.name, "--no-deps", "--disable-pip", "--format", "json"]
        program = Path(sys.executable).with_name("pip-audit")
        return python_holes(_said([str(program), "--progress-spinner", "off", *asked], folder))


def python_holes(said: Any) -> list[str]:
    """From what `pip-audit --format json` prints; a package it skipped is not known."""
    skipped = [one["name"] for one in said["dependencies"] if "skip_reason" in one]
    if skipped:
        raise _Silent(f"{len(skipped)} packages were skipped, {skipped[0]} first")
    return [
        f"{one['name']} {one['version']}: {hole['id']}, mended in {_versions(hole)}"
        for one in said["dependencies"]
        for hole in one["vulns"]
    ]


def _versions(hole: Any) -> str:
    return ", ".join(hole.get("fix_versions") or []) or "no version yet"


def _node(folder: Path) -> list[str]:
    found = shutil.which("npm") or next(map(str, folder.glob(".tools/node*/bin/npm")), "npm")
    return node_holes(_said([found, "audit", "--json", "--package-lock-only"], folder))


def node_holes(said: Any) -> list[str]:
    """From what `npm audit --json` prints."""
    if "vulnerabilities" not in said:
        raise _Silent("npm audit got no answer")
    return [
        f"{name}: {one['severity']}, in versions {one['range']}"
        for name, one in said["vulnerabilities"].items()
    ]


def _said(command: list[str], folder: Path) -> Any:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=LONGEST_SECONDS
        )
    except FileNotFoundError as error:
        raise _Silent(f"{Path(command[0]).name} is not installed here") from error
    try:
        return json.loads(done.stdout)
    except ValueError as error:
        raise _Silent(f"{Path(command[0]).name} got no answer") from error


def main() -> int:
    """Say it a line each; what a script goes by is the code."""
    findings, unknown = audit()
    sys.stdout.writelines(f"{one}\n" for one in findings)
    sys.stdout.writelines(f"unknown: {one}\n" for one in unknown)
    if not findings and not unknown:
        sys.stdout.write("No known holes.\n")
    return FINDINGS if findings else UNKNOWN if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
