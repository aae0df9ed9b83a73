"""Start-up checks: settings that would put money or keys at risk are refused."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from eth_keys.backends.coincurve import CoinCurveECCBackend
from eth_keys.main import lazy_key_api as keys

SHORTEST_KEY = 50


@register
def check_settings(app_configs: Any, **_kwargs: Any) -> list[CheckMessage]:
    """Every refusal in one sentence, with what to do."""
    found = [
        (
            "airdrops.E001",
            settings.DEBUG and (settings.PRODUCTION or settings.CHAIN_ACCESS == "mainnet"),
            "AIRDROPS_DEBUG shows secrets on error pages; unset it in production and on mainnet",
        ),
        (
            "airdrops.E002",
            settings.PRODUCTION and len(settings.SECRET_KEY) < SHORTEST_KEY,
            f"SECRET_KEY is short; give it at least {SHORTEST_KEY} random characters",
        ),
        (
            "airdrops.E003",
            settings.SQLITE and settings.HOSTS > 1,
            "SQLite serves one host only; set DATABASE_URL to a PostgreSQL, or "
            "AIRDROPS_SINGLE_HOST=true",
        ),
        (
            "airdrops.E004",
            settings.PRODUCTION and not settings.METRICS_TOKEN,
            "METRICS_TOKEN is not set; /metrics would answer nobody",
        ),
        (
            "airdrops.E005",
            settings.PRODUCTION and "*" in settings.ALLOWED_HOSTS,
            "ALLOWED_HOSTS allows every name; list the console's own",
        ),
        (
            "airdrops.E006",
            not isinstance(keys.backend, CoinCurveECCBackend),
            "coincurve is missing, signing would be ten times slower; install the locked packages",
        ),
    ]
    return [Error(sentence, id=name) for name, wrong, sentence in found if wrong]
