"""What was last seen through each endpoint, for the order of preference and for /health."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from wallets.chain.rpc import Request
from wallets.models import RpcEndpoint

# A busy network answers many times a second; one row write a few seconds says as much.
RECORD_EVERY = timedelta(seconds=5)


@contextmanager
def record_answer(endpoint: RpcEndpoint) -> Iterator[None]:
    """Time an exchange and note that the endpoint answered."""
    started = time.monotonic()
    yield
    now = timezone.now()
    last = endpoint.answered_at
    if endpoint.consecutive_errors == 0 and last and now - last < RECORD_EVERY:
        return
    endpoint.answered_at, endpoint.consecutive_errors = now, 0
    RpcEndpoint.objects.filter(pk=endpoint.pk).update(
        checked_at=now,
        answered_at=now,
        latency_ms=int((time.monotonic() - started) * 1000),
        consecutive_errors=0,
        last_error="",
    )


def record_failure(endpoint: RpcEndpoint, reason: str) -> None:
    """Note that the endpoint gave no usable answer."""
    RpcEndpoint.objects.filter(pk=endpoint.pk).update(
        checked_at=timezone.now(),
        consecutive_errors=F("consecutive_errors") + 1,
        last_error=reason[:300],
    )


def record_head(endpoint: RpcEndpoint, requests: Sequence[Request], results: list[Any]) -> None:
    """Note the newest block seen through the endpoint, if a batch asked for it."""
    now = timezone.now()
    if endpoint.head_block_at and now - endpoint.head_block_at < RECORD_EVERY:
        return
    head = _head(requests, results)
    if head is not None:
        endpoint.head_block, endpoint.head_block_at = head, now
        RpcEndpoint.objects.filter(pk=endpoint.pk).update(head_block=head, head_block_at=now)


def _head(requests: Sequence[Request], results: list[Any]) -> int | None:
    """The number of the latest block in the answers; an answer that makes no sense is no news."""
    for (method, params), block in zip(requests, results, strict=True):
        if method == "eth_getBlockByNumber" and params[0] == "latest":
            with suppress(KeyError, TypeError, ValueError):
                return int(block["number"], 16)
    return None
