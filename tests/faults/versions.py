"""Which code a result was got with."""

import subprocess
from functools import cache
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Of `wallets/`, pages of the console send nothing.
PIPELINE = ("wallets/", ":!wallets/admin", ":!wallets/console")


@cache
def commit() -> str:
    """The commit that is checked out."""
    return _git("rev-parse", "--short=7", "HEAD")


@cache
def pipeline() -> str:
    """The fingerprint of `wallets/` without its pages: any change to the pipeline changes it."""
    changed = "+changes" if _git("status", "--porcelain", "--", *PIPELINE) else ""
    return pipeline_at("HEAD") + changed


@cache
def pipeline_at(revision: str) -> str:
    """The same at another commit; empty where that is not known."""
    files = _git("ls-tree", "-r", revision, "--", "wallets/")
    kept = [line for line in files.splitlines() if "\twallets/admin/" not in line]
    kept = [line for line in kept if "\twallets/console/" not in line]
    return sha256("\n".join(kept).encode()).hexdigest()[:7] if kept else ""


def stamp() -> dict[str, str]:
    """The part of a result's line that says so."""
    return {"commit": commit(), "pipeline": pipeline()}


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else ""
