"""Who did it, for the history."""

import os

from django.conf import settings


def this_worker() -> str:
    """This process, as history shows it."""
    return f"worker {settings.HOST_NAME}:{os.getpid()}"
