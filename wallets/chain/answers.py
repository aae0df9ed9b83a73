"""What an endpoint's errors say about the endpoint itself, apart from what was asked."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from wallets.chain.errors import ChainError, RateLimited, RpcError, RpcUnavailable, is_rate_limit

_LONGEST_TEXT = 500
# The node is behind, pruned or has nobody to ask: another one may know.
_UNFIT = re.compile(
    r"header not found|missing trie node|state (is )?not available|historical state unavailable"
    r"|no backends? |not healthy|node is syncing|initial sync is still|upstream"
    r"|server shutting down"
)
_TOO_LARGE = re.compile(r"batch|too large|too many calls")
Clean = Callable[[str], str]


class BatchTooLarge(RpcUnavailable):
    """The endpoint wants fewer calls at once."""


def read_error(name: str, error: Any, clean: Clean) -> ChainError:
    """The node's refusal, or what it says about the endpoint's own state."""
    refusal = _refusal(error, clean)
    if is_rate_limit(refusal):
        return RateLimited(f"{name} limits the rate: {refusal}", _backoff(refusal.data))
    if refusal.code != 3 and _UNFIT.search(refusal.message.lower()):
        return RpcUnavailable(f"{name} cannot tell: {refusal}")
    return refusal


def refused_batch(name: str, error: Any, clean: Clean) -> ChainError:
    """One error for a whole batch is about the batch or the endpoint, never about a call."""
    found = read_error(name, error or "no result", clean)
    if not isinstance(found, RpcError):
        return found
    kind = BatchTooLarge if _TOO_LARGE.search(found.message.lower()) else RpcUnavailable
    return kind(f"{name} refused the batch: {found}")


def retry_after(text: str) -> float | None:
    """The seconds that a Retry-After header asks for, in either of its forms."""
    if text.strip().isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _refusal(error: Any, clean: Clean) -> RpcError:
    if not isinstance(error, dict):
        return RpcError(0, clean(str(error))[:_LONGEST_TEXT])
    data = error.get("data")
    return RpcError(
        _code(error.get("code")),
        clean(str(error.get("message")))[:_LONGEST_TEXT],
        # What a call reverted with is left as it is.
        clean(data) if isinstance(data, str) and not data.startswith("0x") else data,
    )


def _code(code: Any) -> int:
    try:
        return int(code)
    except (TypeError, ValueError):
        return 0


def _backoff(data: object) -> float | None:
    """Infura names the pause in `data.rate.backoff_seconds`."""
    rate = data.get("rate") if isinstance(data, dict) else None
    seconds = rate.get("backoff_seconds") if isinstance(rate, dict) else None
    return float(seconds) if isinstance(seconds, int | float) else None
