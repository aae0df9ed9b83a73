"""Adding 10,000 wallets from a file: rows a second, and the memory it takes."""

import io
import resource
import time
from collections.abc import Iterator

from wallets.adding.bulk import add_wallets
from wallets.adding.rows import MOST_ROWS, read_rows
from wallets.models import Wallet


def figures() -> dict[str, float]:
    """Write 10,000 and check 10,000 more; `more_mb` is what the second added to the peak."""
    began = time.monotonic()
    written = add_wallets(read_rows(_file("a", 0)), actor="bench", reason="a file")
    seconds, before = time.monotonic() - began, _peak_mb()
    again = read_rows(_file("b", MOST_ROWS))
    checked = add_wallets(again, actor="bench", reason="a file", dry_run=True)
    assert (written.refusals, checked.refusals) == ([], [])
    return {
        "rows": Wallet.objects.filter(label__startswith="bench-a-").count(),
        "rows_per_second": round(MOST_ROWS / seconds),
        "checked_per_second": checked.rows_per_second,
        "more_mb": round(_peak_mb() - before, 1),
    }


def _file(name: str, start: int) -> io.StringIO:
    return io.StringIO("".join(_lines(name, start)), newline="")


def _lines(name: str, start: int) -> Iterator[str]:
    yield "label,address,signer,tags\n"
    for number in range(start + 1, start + MOST_ROWS + 1):
        yield f"bench-{name}-{number},0x{number << 64:040x},keystore:k-{number}.json,bench\n"


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
