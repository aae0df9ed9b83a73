"""Start-up checks of floor 1."""

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from eth_keys.backends import get_backend
from eth_keys.backends.coincurve import CoinCurveECCBackend, is_coincurve_available


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
