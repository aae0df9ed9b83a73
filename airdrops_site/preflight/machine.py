"""The machine: versions, disk, the stop file, and what the settings say of themselves."""

import platform
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

from django.conf import settings
from django.core.checks import run_checks

from airdrops_site.checks import START, signers_in_web
from airdrops_site.preflight.lines import Line, failed, ok, unknown, warning
from airdrops_site.version import version
from wallets.transactions.stop_file import stop_file_reason

# Below this share of what counts as little, a database may fail in the middle of a write.
NEARLY_FULL = 5


def look_at_settings() -> Iterator[Line]:
    """The refusals that would end the start, and what kind of start it is."""
    found = [f"{one.id}: {one.msg}" for one in run_checks(tags=[START]) if one.is_serious()]
    yield from (failed("settings", sentence) for sentence in found)
    if not found:
        kind = "production" if settings.PRODUCTION else "development"
        yield ok("settings", f"{kind}, chains up to {settings.CHAIN_ACCESS}")


def look_at_boundary() -> Iterator[Line]:
    """The web must not be able to sign."""
    sentence = signers_in_web()
    holds = failed("signing", sentence) if sentence else None
    yield holds or ok("signing", "this environment holds nothing that signs")


def look_at_versions() -> Iterator[Line]:
    """Whether the packages are those of the lock; one that is not installed is not needed."""
    lock = Path(settings.BASE_DIR, "uv.lock")
    if not lock.is_file():
        yield unknown("versions", f"there is no {lock.name} beside manage.py to compare with")
        return
    wrong = sorted(differing_packages(tomllib.loads(lock.read_text(encoding="utf-8"))))
    if wrong:
        told = ", ".join(wrong[:5])
        yield warning("versions", f"{told} differ from uv.lock; run `uv sync --frozen`")
    else:
        yield ok(
            "versions",
            f"airdrops {version()}, Python {platform.python_version()}, packages as in uv.lock",
        )


def differing_packages(lock: Mapping[str, object]) -> Iterator[str]:
    """`name 1.0 (lock: 1.1)` for each package that is installed in no version of the lock's."""
    locked: dict[str, set[str]] = {}
    packages = lock.get("package")
    for one in packages if isinstance(packages, list) else []:
        if "version" in one and "registry" in one.get("source", {}):
            locked.setdefault(one["name"], set()).add(one["version"])
    for name, versions in locked.items():
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        if found not in versions:
            yield f"{name} {found} (lock: {', '.join(sorted(versions))})"


def look_at_disk() -> Iterator[Line]:
    """How much of the data folder's disk is free."""
    folder = settings.DATA_DIR if settings.DATA_DIR.is_dir() else settings.DATA_DIR.parent
    usage = shutil.disk_usage(folder)
    percent = usage.free * 100 // usage.total
    told = f"{percent} % of the disk of {folder} is free"
    least = settings.DISK_FREE_PERCENT
    if percent * NEARLY_FULL < least:
        yield failed("disk", f"{told}; make room before anything starts")
    elif percent < least:
        yield warning("disk", f"{told}, less than AIRDROPS_DISK_FREE_PERCENT={least}")
    else:
        yield ok("disk", told)


def look_at_stop_file() -> Iterator[Line]:
    """While it is there nothing is signed; a start is no fault."""
    reason = stop_file_reason()
    yield warning("stop file", reason) if reason else ok("stop file", "there is none")


def look_at_contacts() -> Iterator[Line]:
    """Whom to call."""
    if settings.CONTACTS:
        yield ok("contacts", f"{len(settings.CONTACTS)} are set")
    else:
        yield warning("contacts", "nobody is named to be called; set AIRDROPS_CONTACTS")


def look_at_alert_channels() -> Iterator[Line]:
    """Where workers send alerts; the URLs are secrets and are not shown."""
    try:
        count = len(settings.ALERT_CHANNELS().split())
    except (OSError, ValueError):
        yield failed(
            "alerts", "the file that AIRDROPS_ALERT_CHANNELS_FILE names cannot be read by this user"
        )
        return
    if count:
        yield ok("alerts", f"{count} channels are set")
    else:
        yield warning("alerts", "nobody is told of alerts; set AIRDROPS_ALERT_CHANNELS")
