"""`python -m tests.slow_cluster POINT SECONDS`: a real cluster that is slow at a boundary."""

import os
import sys
import time
from enum import StrEnum

import django

from wallets.transactions import points


def main(point: str, seconds: float) -> None:
    """A cluster whose workers say when they are there, and then wait."""

    def slow(reached: StrEnum, _kind: str) -> None:
        if reached == point:
            os.write(2, f"at {point}\n".encode())
            time.sleep(seconds)

    points.listen(slow)
    django.setup()
    from django.core.management import call_command

    call_command("qcluster")


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
