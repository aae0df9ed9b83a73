"""Tying a child process to the life of the one that started it."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
# Loaded here: between fork and exec nothing may be imported or looked up.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent() -> Callable[[], None] | None:
    """Return what a child runs before exec so that its parent's death, even by SIGKILL, ends it.

    The kernel sends SIGTERM, on which anvil still saves its state. "Parent" is the thread that
    starts the child: start it from one that lives as long as the child should. Elsewhere than on
    Linux there is no such tie; an orphan shows itself by its busy port at the next start.
    """
    if _LIBC is None:
        return None
    libc, parent = _LIBC, os.getpid()

    def tie() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before the tie was made
            os._exit(1)

    return tie
