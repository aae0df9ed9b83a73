"""What was last seen through each endpoint, for the order of preference and for /health."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db.models import F
from django.utils import timezone

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


def record_head(endpoint_id: int, number: int) -> None:
    """Note the newest block seen through the endpoint."""
    RpcEndpoint.objects.filter(pk=endpoint_id).update(
        head_block=number, head_block_at=timezone.now()
    )
