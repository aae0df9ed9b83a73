"""How many calls an endpoint may be asked in a second, by all processes together.

Each process keeps to its share, the rate by the number of processes: no call costs a write.
"""

import os
import threading
import time
from dataclasses import dataclass, field

from wallets.clusters import CLUSTER_VARIABLE, live_workers
from wallets.models import RpcEndpoint

# How long a process goes on with what it last knew of the others.
COUNTED_FOR = 5.0


@dataclass(slots=True)
class Bucket:
    """A token bucket that may go into debt: a batch is never split for the limit's sake."""

    per_second: float
    tokens: float = field(init=False)
    filled_at: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.tokens = self._room()

    def wait(self) -> float:
        """Seconds until the next call may leave."""
        with self.lock:
            return self._wait()

    def take(self, calls: int, *, within: float | None = None) -> float | None:
        """Count calls that leave as soon as they may; providers count each call of a batch.

        The seconds until then; None, and nothing is counted, if it is more than `within`.
        """
        with self.lock:
            wait = self._wait()
            if within is not None and wait > within:
                return None
            self.tokens -= calls
            return wait

    def share(self, per_second: float) -> "Bucket":
        """With this rate from now on."""
        with self.lock:
            self._fill()
            self.per_second = per_second
        return self

    def _wait(self) -> float:
        self._fill()
        return max(0.0, (1 - self.tokens) / self.per_second)

    def _fill(self) -> None:
        now = time.monotonic()
        grown = self.tokens + (now - self.filled_at) * self.per_second
        self.tokens, self.filled_at = min(self._room(), grown), now

    def _room(self) -> float:
        # A share of less than one call a second must yet come to a whole call.
        return max(1.0, float(self.per_second))


_buckets: dict[tuple[int, int], Bucket] = {}
_counted: tuple[float, int] = (float("-inf"), 1)


def wait_for(endpoint: RpcEndpoint) -> float:
    """Seconds until the endpoint may be asked again under its own limit."""
    bucket = _bucket(endpoint)
    return bucket.wait() if bucket else 0.0


def count(endpoint: RpcEndpoint, calls: int) -> None:
    """Note that so many calls leave for the endpoint."""
    if bucket := _bucket(endpoint):
        bucket.take(calls)


def claim(endpoint: RpcEndpoint, calls: int, *, within: float) -> float | None:
    """The seconds after which so many calls may leave; None if these are more than `within`."""
    bucket = _bucket(endpoint)
    return bucket.take(calls, within=within) if bucket else 0.0


def processes() -> int:
    """Among how many a rate is divided: the living workers, and this process if it is none."""
    global _counted
    counted_at, number = _counted
    if time.monotonic() - counted_at >= COUNTED_FOR:
        outside = 0 if os.environ.get(CLUSTER_VARIABLE) else 1
        number = max(1, live_workers() + outside)
        _counted = (time.monotonic(), number)
    return number


def forget() -> None:
    """Count processes and calls anew."""
    global _counted
    _counted = (float("-inf"), 1)
    _buckets.clear()


def _bucket(endpoint: RpcEndpoint) -> Bucket | None:
    rate = endpoint.requests_per_second
    if not rate:
        return None
    share = rate / processes()
    # Keyed by the rate too, so that a changed limit counts from now on.
    return _buckets.setdefault((endpoint.pk, rate), Bucket(share)).share(share)
