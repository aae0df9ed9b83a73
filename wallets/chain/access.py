"""Where this installation may go, and what may be shown of how it gets there."""

import ipaddress
import os
import re
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from wallets.chain.errors import ChainError, NotReached
from wallets.chain.masking import looks_secret, mask_host, remember, secrets_of
from wallets.models import Network

_KIND_RANK = {"devnet": 0, "testnet": 1, "mainnet": 2}
_VARIABLE = re.compile(r"\$\{(\w+)\}")


def require_allowed(network: Network) -> None:
    """ChainError for a kind of chain that this installation may not talk to."""
    if _KIND_RANK[network.kind] > _KIND_RANK[settings.CHAIN_ACCESS]:
        raise ChainError(
            f"{network.name} is a {network.kind}; AIRDROPS_CHAIN_ACCESS="
            f"{settings.CHAIN_ACCESS} does not allow it"
        )


def allowed_kinds() -> list[str]:
    """The kinds of chains that this installation may talk to."""
    most = _KIND_RANK[settings.CHAIN_ACCESS]
    return [kind for kind, rank in _KIND_RANK.items() if rank <= most]


def reachable_url(url: str) -> str:
    """The URL with `${NAME}` filled in; NotReached where this installation may not go."""
    filled = _VARIABLE.sub(_variable, url)
    remember(filled_in(url))
    scheme, host = _scheme_and_host(filled)
    if scheme not in ("http", "https") or not host:
        raise NotReached("the RPC URL is not an http(s) address; correct it on the endpoint")
    if settings.CHAIN_ACCESS == "devnet" and not is_loopback(host):
        raise NotReached(
            f"{_shown(host, url)} is not on this machine, and AIRDROPS_CHAIN_ACCESS=devnet allows "
            "nothing else; set it to testnet or mainnet to go further"
        )
    # Libraries log hosts of their own accord.
    remember([] if _shown(host, url) == host else [host])
    remember(secret for secret in secrets_of(filled) if looks_secret(secret))
    return filled


def filled_in(url: str) -> list[str]:
    """What stands for `${NAME}` in the URL: secret, whatever it looks like."""
    return [_variable(match) for match in _VARIABLE.finditer(url)]


def _shown(host: str, url: str) -> str:
    text = mask_host(host)
    for value in filled_in(url):
        text = text.replace(value.lower(), "…")
    return text


def _scheme_and_host(url: str) -> tuple[str, str]:
    """Both as httpx and the standard library read them; empty if either cannot."""
    try:
        parsed, parts = httpx.URL(url), urlsplit(url)
    except (httpx.InvalidURL, ValueError):
        return "", ""
    return parsed.scheme, parsed.host if parts.hostname else ""


def _variable(match: re.Match[str]) -> str:
    value = os.environ.get(match[1], "")
    if not value:
        raise NotReached(f"the RPC URL needs {match[1]}, which is not in the environment")
    return value


def is_loopback(host: str) -> bool:
    """Whether the host is this machine by name or number."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
