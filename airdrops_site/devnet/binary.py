"""Finding the anvil program: an override, the npm packages of the lock file, or PATH."""

import os
import platform
import shutil
import sys
from pathlib import Path

from airdrops_site.devnet.errors import DevnetError

REPOSITORY = Path(__file__).resolve().parents[2]
NODE_MODULES = REPOSITORY / "node_modules"
OVERRIDE = "AIRDROPS_ANVIL"
_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def find_anvil(node_modules: Path = NODE_MODULES) -> Path:
    """Return the anvil to run; needs no Node, the npm package carries the native program."""
    if override := os.environ.get(OVERRIDE):
        return _overridden(Path(override))
    packaged = node_modules / "@foundry-rs" / _package_name() / "bin" / "anvil"
    if os.access(packaged, os.X_OK):
        return packaged
    if on_path := shutil.which("anvil"):
        return Path(on_path)
    raise DevnetError(
        f"anvil was not found in {packaged.parent} or on PATH; run `make run` or"
        f" `npm ci --omit=dev`, or set {OVERRIDE} to the program, e.g. /usr/local/bin/anvil."
    )


def _overridden(path: Path) -> Path:
    if path.is_file() and os.access(path, os.X_OK):
        return path
    raise DevnetError(
        f"{OVERRIDE} is {path}, which is not a program that can be run; correct it or unset it."
    )


def _package_name() -> str:
    machine = platform.machine().lower()
    return f"anvil-{sys.platform}-{_ARCHITECTURES.get(machine, machine)}"
