"""How many calls an endpoint may be asked in a second, counted in this process."""

import threading
import time
from dataclasses import dataclass, field

from wallets.models import RpcEndpoint


@dataclass(slots=True)
class Bucket:
    """A token bucket that may go into debt: a batch is never split for the limit's sake."""

    per_second: int
    tokens: float = field(init=False)
    filled_at: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.tokens = float(self.per_second)

    def wait(self) -> float:
        """Seconds until the next call may leave."""
        with self.lock:
            self._fill()
            return max(0.0, (1 - self.tokens) / self.per_second)

    def take(self, calls: int) -> None:
        """Count calls that leave now; providers count each call of a batch."""
        with self.lock:
            self._fill()
            self.tokens -= calls

    def _fill(self) -> None:
        now = time.monotonic()
        grown = self.tokens + (now - self.filled_at) * self.per_second
        self.tokens, self.filled_at = min(float(self.per_second), grown), now


_buckets: dict[tuple[int, int], Bucket] = {}


def wait_for(endpoint: RpcEndpoint) -> float:
    """Seconds until the endpoint may be asked again under its own limit."""
    bucket = _bucket(endpoint)
    return bucket.wait() if bucket else 0.0


def count(endpoint: RpcEndpoint, calls: int) -> None:
    """Note that so many calls leave for the endpoint."""
    if bucket := _bucket(endpoint):
        bucket.take(calls)


def _bucket(endpoint: RpcEndpoint) -> Bucket | None:
    rate = endpoint.requests_per_second
    # Keyed by the rate too, so that a changed limit counts from now on.
    return _buckets.setdefault((endpoint.pk, rate), Bucket(rate)) if rate else None
