"""Start-up checks: settings that would put money or keys at risk are refused."""

import os
import sys
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register, run_checks

from wallets.signers.boundary import signer_variables

# Beside Django's tag, ours marks what must be right before any process of ours serves.
START = "airdrops"
SHORTEST_KEY = 50
FEWEST_CHARACTERS = 10


@register(Tags.security, START)
def check_settings(**_kwargs: Any) -> list[CheckMessage]:
    """Every refusal in one sentence, with what to do."""
    return [Error(sentence, id=name) for name, sentence in _refusals()]


def refuse_unfit_start() -> None:
    """End a process that no management command checks, unless it may start; exit code 2."""
    found = [message for message in run_checks(tags=[START]) if message.is_serious()]
    if found:
        sys.stderr.writelines(f"{message.id}: {message.msg}\n" for message in found)
        raise SystemExit(2)


def refuse_signers_in_web() -> None:
    """End a web process whose environment would let it sign; exit code 2."""
    if sentence := signers_in_web():
        sys.stderr.write(f"airdrops.E007: {sentence}\n")
        raise SystemExit(2)


def signers_in_web() -> str:
    """What is wrong with this environment for the web; empty if nothing is."""
    found = signer_variables(os.environ)
    if not found:
        return ""
    return (
        f"the web process sees {', '.join(found)}, with which it could sign; set such variables "
        "in the workers' environment only (an AIRDROPS_ENV_FILE of their own, not the shared .env)"
    )


def _refusals() -> Iterator[tuple[str, str]]:
    if settings.DEBUG and settings.PRODUCTION:
        yield "airdrops.E001", f"{_DEBUG} in production; remove AIRDROPS_DEBUG from the environment"
    if settings.DEBUG and settings.CHAIN_ACCESS == "mainnet":
        yield (
            "airdrops.E002",
            f"{_DEBUG} while AIRDROPS_CHAIN_ACCESS is mainnet; remove one of the two",
        )
    if settings.PRODUCTION and _is_weak(settings.SECRET_KEY):
        yield (
            "airdrops.E003",
            f"SECRET_KEY can be guessed; give it at least {SHORTEST_KEY} random characters, best "
            "in a file that SECRET_KEY_FILE names",
        )
    if settings.SQLITE and settings.HOSTS > 1:
        yield (
            "airdrops.E004",
            "SQLite serves one host only and AIRDROPS_SINGLE_HOST is false; set DATABASE_URL to a "
            "PostgreSQL",
        )
    if settings.PRODUCTION and not settings.METRICS_TOKEN:
        yield (
            "airdrops.E005",
            "METRICS_TOKEN is not set, so /metrics would answer nobody; set it or "
            "METRICS_TOKEN_FILE to a random word that your Prometheus sends",
        )
    if "*" in settings.ALLOWED_HOSTS:
        yield (
            "airdrops.E006",
            "ALLOWED_HOSTS allows every name, so other sites can speak for this one; list the "
            "console's own names",
        )


_DEBUG = "AIRDROPS_DEBUG is on, which shows settings and data on error pages,"


def _is_weak(key: str) -> bool:
    few = len(set(key)) < FEWEST_CHARACTERS
    return len(key) < SHORTEST_KEY or few or key.startswith("django-insecure-")
