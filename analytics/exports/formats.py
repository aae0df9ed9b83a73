"""The formats there are, and how they get to a file or to a browser."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from analytics.exports import disposals, ledger_rows, parquet, tax
from analytics.exports.wanted import Wanted

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write the ledger; without `stream` it can only be written to a file."""

    title: str
    suffix: str
    content_type: str
    stream: Callable[[Wanted], Iterator[bytes]] | None


_CSV = "text/csv; charset=utf-8"
FORMATS: Mapping[str, Format] = {
    "csv": Format("CSV, every entry", "csv", _CSV, ledger_rows.as_csv),
    "json": Format("JSON, one array", "json", "application/json", ledger_rows.as_json),
    "jsonl": Format("JSON lines", "jsonl", "application/x-ndjson", ledger_rows.as_json_lines),
    "parquet": Format("Parquet", "parquet", "application/vnd.apache.parquet", None),
    "koinly": Format("Koinly universal CSV", "csv", _CSV, tax.koinly),
    "cointracking": Format("CoinTracking CSV", "csv", _CSV, tax.cointracking),
    "cointracker": Format("CoinTracker CSV", "csv", _CSV, tax.cointracker),
    "rotki-events": Format("rotki generic events", "csv", _CSV, tax.rotki_events),
    "rotki-trades": Format("rotki generic trades", "csv", _CSV, tax.rotki_trades),
    "form8949": Format("Disposals as in Form 8949", "csv", _CSV, disposals.as_csv),
}


def no_progress(_bytes: int) -> None:
    """For whoever does not look."""


def write_file(name: str, wanted: Wanted, path: Path, progress: Progress = no_progress) -> int:
    """All of it or nothing: a file of that name is replaced once all is written.

    Returns its size in bytes. May raise OSError.
    """
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            write(name, wanted, file, progress)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)
    return path.stat().st_size


def write(name: str, wanted: Wanted, file: BinaryIO, progress: Progress = no_progress) -> None:
    """Into an open file, part by part; `progress` is told the bytes so far."""
    stream = FORMATS[name].stream
    if stream is None:
        parquet.write(wanted, file, lambda _rows: progress(file.tell()))
        return
    size = 0
    for part in stream(wanted):
        file.write(part)
        size += len(part)
        progress(size)
