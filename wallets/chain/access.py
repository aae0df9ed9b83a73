"""Where this installation may go, and what may be shown of how it gets there."""

import ipaddress
import os
import re
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx
from django.conf import settings

from wallets.chain.errors import ChainError, NotReached
from wallets.models import Network

_KIND_RANK = {"devnet": 0, "testnet": 1, "mainnet": 2}
_VARIABLE = re.compile(r"\$\{(\w+)\}")
# Shorter pieces of a path are words (`v3`, `rpc`), and too short to be a key.
_SEGMENT_LENGTH = 8
_SHORTEST_SECRET = 4


def require_allowed(network: Network) -> None:
    """ChainError for a kind of chain that this installation may not talk to."""
    if _KIND_RANK[network.kind] > _KIND_RANK[settings.CHAIN_ACCESS]:
        raise ChainError(
            f"{network.name} is a {network.kind}; AIRDROPS_CHAIN_ACCESS="
            f"{settings.CHAIN_ACCESS} does not allow it"
        )


def reachable_url(url: str) -> str:
    """The URL with `${NAME}` filled in; NotReached where this installation may not go."""
    filled = _VARIABLE.sub(_variable, url)
    scheme, host = _scheme_and_host(filled)
    if scheme not in ("http", "https") or not host:
        raise NotReached("the RPC URL is not an http(s) address; correct it on the endpoint")
    if settings.CHAIN_ACCESS == "devnet" and not _is_loopback(host):
        raise NotReached(
            f"{host} is not on this machine, and AIRDROPS_CHAIN_ACCESS=devnet allows "
            "nothing else; set it to testnet or mainnet to go further"
        )
    return filled


def mask_url(url: str) -> str:
    """The URL without user, password, path and query: fit for pages and logs."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        # `https://user:pass/word@host`: what is what cannot be told, so nothing is shown.
        return "(an address that cannot be read)"
    host = parts.hostname or "?"
    return f"{parts.scheme}://{host}{port}" + ("/…" if parts.path.strip("/") else "")


def secrets_of(url: str) -> tuple[str, ...]:
    """The parts of a filled-in URL that may be credentials, the longest first."""
    parts = urlsplit(url)
    userinfo = parts.netloc.rpartition("@")[0]
    segments = [part for part in parts.path.split("/") if len(part) >= _SEGMENT_LENGTH]
    values = [value for _, value in parse_qsl(parts.query)]
    found = {url, userinfo, *userinfo.split(":"), *segments, parts.query, *values}
    found |= {unquote(piece) for piece in found}
    kept = {piece for piece in found if len(piece) >= _SHORTEST_SECRET}
    return tuple(sorted(kept, key=len, reverse=True))


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


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
