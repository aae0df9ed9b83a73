"""Servers of protocols: what they say is a hint, to be proven on chain by whoever asks."""

import json
from typing import Any

import httpx

from wallets.chain.errors import ChainError
from wallets.chain.masking import mask_url
from wallets.chain.web import NotReachable, read_page, require_reachable


class ProtocolServer:
    """The WebReader over HTTP. A server that gives no JSON has not answered: ChainError."""

    def get_json(self, url: str) -> Any:
        """The JSON at a URL."""
        shown = mask_url(url)
        try:
            require_reachable(url)
            status, body = read_page(url)
        except NotReachable as error:
            raise ChainError(f"{shown} {error}") from None
        except httpx.HTTPError as error:
            raise ChainError(f"{shown} did not answer: {type(error).__name__}") from None
        if status != 200:
            raise ChainError(f"{shown} answered HTTP {status}")
        try:
            return json.loads(body, parse_float=str)
        except (ValueError, RecursionError):
            raise ChainError(f"{shown} answered something that is no JSON") from None
