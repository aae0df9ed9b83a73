"""What a backup holds beside the database: settings without secrets, deployments, dashboards."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from airdrops_site.configuration.base import env
from airdrops_site.redaction import redact_text

CONFIGURATION = "files/configuration.json"
DEPLOYMENTS = "files/deployments.json"
_MOST_BYTES = 8 * 1024 * 1024


def configuration() -> dict[str, str]:
    """Every setting that is no secret, as the environment says it; empty where it says nothing."""
    public = (one.name for one in env.variables.values() if not (one.secret or one.hidden))
    return {name: redact_text(os.environ.get(name, "").strip()) for name in sorted(public)}


def differences(then: dict[str, str]) -> list[dict[str, str]]:
    """Settings that are not as they were; nothing is written anywhere."""
    now = configuration()
    names = sorted(then.keys() | now.keys())
    return [
        {"setting": name, "backup": then.get(name, ""), "now": now.get(name, "")}
        for name in names
        if then.get(name, "") != now.get(name, "")
    ]


def deployments() -> dict[str, str]:
    """The digest of each file of deployments that came with the program."""
    files = sorted(Path(settings.BASE_DIR, "protocols").glob("*/deployments.toml"))
    return {
        str(one.relative_to(settings.BASE_DIR)): hashlib.sha256(one.read_bytes()).hexdigest()
        for one in files
    }


def files() -> Iterator[tuple[str, bytes]]:
    """Dashboards and rules, and the operator's own rule sets for airdrops."""
    for name, folder in (
        ("monitoring", Path(settings.BASE_DIR, "deploy", "monitoring")),
        ("criteria", Path(settings.CRITERIA_DIR)),
    ):
        for one in sorted(folder.rglob("*")):
            if one.is_file() and not one.is_symlink() and one.stat().st_size <= _MOST_BYTES:
                yield f"files/{name}/{one.relative_to(folder)}", one.read_bytes()
