"""Start-up checks of floor 1."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError
from eth_keys.backends import get_backend
from eth_keys.backends.coincurve import CoinCurveECCBackend, is_coincurve_available

from wallets import clusters


@register(Tags.security, "airdrops")
def check_signing_library(**_kwargs: Any) -> list[CheckMessage]:
    """Signing runs on libsecp256k1: pure Python is ten times slower and leaks by its timing."""
    if is_coincurve_available() and isinstance(get_backend(), CoinCurveECCBackend):
        return []
    sentence = (
        "coincurve does not do the signing; install the locked packages (`make run` does) and "
        "remove ECC_BACKEND_CLASS from the environment"
    )
    return [Error(sentence, id="wallets.E001")]


@register(Tags.database)
def check_hosts(databases: Sequence[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """Two hosts at one SQLite file; asked with the database only (`check --database default`)."""
    try:
        reason = clusters.several_hosts() if databases else ""
    except DatabaseError:  # before the first migration
        return []
    return [Error(reason, id="wallets.E002")] if reason else []
