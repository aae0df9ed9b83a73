"""Who did it, for the history."""

import os
import socket


def this_worker() -> str:
    """This process, as history shows it."""
    return f"worker {socket.gethostname()}:{os.getpid()}"
