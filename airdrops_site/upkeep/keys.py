"""How old keys and tokens are, as far as their files say."""

import os
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from airdrops_site.upkeep.results import Result
from wallets.models import Wallet

OLDEST_DAYS = 365


def remind_of_keys(_by: str) -> Result:
    """Of each wallet that signs and each secret in a file; never a look into one.

    A variable, a signer elsewhere or a phrase without a file has no age that could be read.
    """
    wallets = Wallet.objects.exclude(status=Wallet.Status.RETIRED)
    wallets = wallets.exclude(signer_kind=Wallet.SignerKind.WATCH_ONLY).order_by("label")
    files = {f"the key of {one.label}": _file_of(one) for one in wallets.iterator()}
    files |= {f"the secret {name}": path for name, path in _secret_files()}
    ages = {what: _days(path) for what, path in files.items()}
    old = {what: days for what, days in ages.items() if days is not None and days > OLDEST_DAYS}
    unknown = [f"how old {what} is" for what, days in ages.items() if days is None]
    findings = [f"{what} is {days} days old; replace it" for what, days in old.items()]
    known = len(ages) - len(unknown)
    summary = f"{len(old)} of {known} are older than {OLDEST_DAYS} days; {len(unknown)} unknown."
    return Result(summary, findings, unknown, {"oldest_days": max(_known(ages), default=None)})


def _file_of(wallet: Wallet) -> Path | None:
    if wallet.signer_kind != Wallet.SignerKind.KEYSTORE:
        return None
    return Path(settings.KEYSTORE_DIR, Path(wallet.signer_reference).name)


def _secret_files() -> list[tuple[str, Path]]:
    from airdrops_site.configuration.base import env

    names = [one.name for one in env.variables.values() if one.secret]
    found = {name: os.environ.get(f"{name}_FILE", "") for name in names}
    return [(name, Path(path)) for name, path in found.items() if path]


def _days(path: Path | None) -> int | None:
    if path is None:
        return None
    try:
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return None
    return (timezone.now() - changed).days


def _known(ages: dict[str, int | None]) -> list[int]:
    return [days for days in ages.values() if days is not None]
