"""What was last seen through each endpoint, for the order of preference and for /health."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import structlog
from django.db.models import F
from django.utils import timezone

from wallets.chain.breaker import DEFAULT_REST, LONGEST_PAUSE, LONGEST_REST, pause_after
from wallets.chain.errors import ChainError, RateLimited, RpcUnavailable, WrongChain
from wallets.chain.rpc import Request
from wallets.chain.values import hex_int
from wallets.models import RpcEndpoint

log = structlog.get_logger(__name__)

# A busy network answers many times a second; one row write a few seconds says as much.
RECORD_EVERY = timedelta(seconds=5)


def record_answer(endpoint: RpcEndpoint, latency_ms: int | None) -> None:
    """Note that the endpoint answered; that closes its breaker."""
    now = timezone.now()
    last, well = endpoint.answered_at, endpoint.consecutive_errors == 0 and not endpoint.open_until
    if well and last and now - last < RECORD_EVERY:
        return
    facts = {
        "checked_at": now,
        "answered_at": now,
        "latency_ms": latency_ms,
        "consecutive_errors": 0,
        "open_until": None,
        "last_error": "",
    }
    _write(endpoint, **facts)


def record_error(endpoint: RpcEndpoint, error: ChainError) -> None:
    """Note why an exchange gave nothing usable; what is no fault of the endpoint is passed over."""
    if isinstance(error, RateLimited):
        _record_rest(endpoint, error)
    elif isinstance(error, WrongChain):
        record_failure(endpoint, str(error), pause=LONGEST_PAUSE)
    elif isinstance(error, RpcUnavailable):
        record_failure(endpoint, str(error))


def record_failure(endpoint: RpcEndpoint, reason: str, *, pause: timedelta | None = None) -> None:
    """Note that the endpoint gave no usable answer; opens its breaker after some in a row."""
    now = timezone.now()
    errors = endpoint.consecutive_errors + 1
    pause = pause or pause_after(errors)
    facts: dict[str, Any] = {"checked_at": now, "last_error": reason[:300]}
    if pause:
        facts["open_until"] = now + pause
        log.warning("rpc_endpoint_left_alone", endpoint=endpoint.name, reason=reason[:300])
    _write(endpoint, **facts)
    # Counted in the database: other processes fail at the same time.
    RpcEndpoint.objects.filter(pk=endpoint.pk).update(
        consecutive_errors=F("consecutive_errors") + 1
    )
    endpoint.consecutive_errors = errors


def record_head(endpoint: RpcEndpoint, requests: Sequence[Request], results: list[Any]) -> None:
    """Note the newest block seen through the endpoint, if a batch asked for it."""
    now = timezone.now()
    if endpoint.head_block_at and now - endpoint.head_block_at < RECORD_EVERY:
        return
    head = _head(requests, results)
    if head is not None:
        _write(endpoint, head_block=head, head_block_at=now)


def _record_rest(endpoint: RpcEndpoint, error: RateLimited) -> None:
    """It answers, but wants a pause: that is no error to be counted."""
    seconds = DEFAULT_REST if error.retry_after is None else error.retry_after
    now = timezone.now()
    until = now + timedelta(seconds=min(seconds, LONGEST_REST))
    facts = {"checked_at": now, "open_until": until, "last_error": str(error)[:300]}
    _write(endpoint, **facts, consecutive_errors=0)


def _write(endpoint: RpcEndpoint, **facts: Any) -> None:
    """Put facts on the row and on the copy in hand."""
    for name, value in facts.items():
        setattr(endpoint, name, value)
    RpcEndpoint.objects.filter(pk=endpoint.pk).update(**facts)


def _head(requests: Sequence[Request], results: list[Any]) -> int | None:
    """The number of the latest block in the answers; an answer that makes no sense is no news."""
    for (method, params), found in zip(requests, results, strict=True):
        with suppress(KeyError, TypeError, IndexError, RpcUnavailable):
            if method == "eth_blockNumber":
                return hex_int(found)
            if method == "eth_getBlockByNumber" and params[0] == "latest":
                return hex_int(found["number"])
    return None
