"""HTTP servers that are no endpoints of a chain: prices, a bridge's own books."""

import time

import httpx
from django.conf import settings

from wallets.chain.access import is_loopback

SECONDS = 10.0
MOST_BYTES = 4 * 1024 * 1024


class NotReachable(Exception):
    """Where this installation may not go, or no address at all; the end of a sentence."""


def require_reachable(url: str) -> None:
    """NotReachable unless the URL may be asked."""
    wrong = NotReachable("is not an http(s) address; correct it")
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        raise wrong from None
    if parts.scheme not in ("http", "https") or not parts.host:
        raise wrong
    if settings.CHAIN_ACCESS == "devnet" and not is_loopback(parts.host):
        raise NotReachable(
            f"leads to {parts.host}, which is not on this machine, and "
            "AIRDROPS_CHAIN_ACCESS=devnet allows nothing else"
        )


def read_page(url: str) -> tuple[int, bytes]:
    """The answer, whole and in time; a redirect is an answer like any other. httpx.HTTPError."""
    ends_at = time.monotonic() + SECONDS
    content = bytearray()
    with (
        httpx.Client(trust_env=False, follow_redirects=False, timeout=SECONDS) as client,
        client.stream("GET", url) as response,
    ):
        for chunk in response.iter_bytes():
            content += chunk
            if time.monotonic() > ends_at or len(content) > MOST_BYTES:
                raise httpx.ReadTimeout("the answer does not end")
        return response.status_code, bytes(content)
