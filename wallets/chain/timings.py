"""How long endpoints take and how often they fail, gathered in each process for /metrics.

Written down as tallies some seconds later, with the next exchange or job or at the process's end:
a row for every exchange would be dear. A process that is killed loses what it gathered since, ten
seconds of timings at most while it works; nothing but timings is counted so.
"""

import os
import threading
import time
from bisect import bisect_left
from collections import Counter
from multiprocessing.util import Finalize

import structlog
from django.db import Error, connection

from wallets import tallies
from wallets.chain.errors import ChainError, NotReached, RateLimited, WrongChain
from wallets.clusters import CLUSTER_VARIABLE

log = structlog.get_logger(__name__)

SECONDS, BUCKETS, ERRORS = "rpc_seconds", "rpc_buckets", "rpc_errors"
# Upper bounds in seconds; what took longer is in the last, `+Inf`.
BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)
NAMES = (*(str(bound) for bound in BOUNDS), "+Inf")
ERROR_KINDS = ("no_answer", "not_reached", "rate_limited", "wrong_chain")
MICROSECONDS = 1_000_000
FLUSH_EVERY = 10.0
# What a process gathers at most while its database does not take it.
MOST_KEYS = 5_000

_lock = threading.Lock()
_gathered: Counter[tallies.Key] = Counter()
_state = {"since": 0.0, "pid": 0}


def observe(network: str, endpoint: str, seconds: float) -> None:
    """One exchange, answered or not, took so long."""
    place = {"network": network, "endpoint": endpoint}
    bucket = NAMES[bisect_left(BOUNDS, seconds)]
    _gather(tallies.key(BUCKETS, place | {"le": bucket}), 1)
    _gather(tallies.key(SECONDS, place), int(seconds * MICROSECONDS))


def failed(network: str, endpoint: str, error: ChainError) -> None:
    """One exchange gave nothing usable; what a node itself refuses is an answer."""
    labels = {"network": network, "endpoint": endpoint, "kind": _kind(error)}
    _gather(tallies.key(ERRORS, labels), 1)


def flush_when_due() -> None:
    """Write down what was gathered if the last time is long ago; never in a transaction."""
    if not _gathered or time.monotonic() - _state["since"] < FLUSH_EVERY:
        return
    if not connection.in_atomic_block:
        flush()


def flush() -> None:
    """Write down what was gathered; kept for the next time if the database does not take it."""
    with _lock:
        taken = Counter(_gathered)
        _gathered.clear()
        _state["since"] = time.monotonic()
    try:
        tallies.add_all(taken)
    except Error as error:
        log.warning("timings_not_kept", reason=type(error).__name__)
        with _lock:
            _gathered.update(taken)


def _gather(name: tallies.Key, by: int) -> None:
    with _lock:
        if _state["pid"] != os.getpid():
            _begin_here()
        if name in _gathered or len(_gathered) < MOST_KEYS:
            _gathered[name] += by


def _begin_here() -> None:
    """A forked process gathers its own; a worker writes the rest down when it ends in order."""
    _gathered.clear()
    _state.update(pid=os.getpid(), since=time.monotonic())
    if CLUSTER_VARIABLE in os.environ:
        Finalize(None, flush, exitpriority=10)


def _kind(error: ChainError) -> str:
    match error:
        case NotReached():
            return "not_reached"
        case RateLimited():
            return "rate_limited"
        case WrongChain():
            return "wrong_chain"
    return "no_answer"
