"""What was played, a line of JSON for each result; the newest line of a seed counts."""

import json
from pathlib import Path
from typing import Any

from tests.faults.versions import ROOT, commit, pipeline, pipeline_at

Line = dict[str, Any]
FOLDER = ROOT / "docs" / "reliability"
KINDS = ("crashes", "runs", "races", "stops", "naive")


def file_of(kind: str) -> Path:
    """Where the results of this kind are."""
    return FOLDER / f"{kind}.jsonl"


def lines_of(kind: str) -> list[Line]:
    """Every result, oldest first."""
    file = file_of(kind)
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def append(kind: str, line: Line) -> None:
    """Write one result down."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with file_of(kind).open("a") as opened:
        opened.write(json.dumps(line) + "\n")


def code_of(line: Line) -> str:
    """The pipeline it was played with; early lines tell only the commit."""
    return str(line.get("pipeline") or pipeline_at(line.get("commit", "")))


def newest(kind: str) -> list[Line]:
    """The newest result of each seed."""
    return list({line["seed"]: line for line in lines_of(kind)}.values())


def missing(kind: str, seeds: list[int], *, fresh: bool) -> list[int]:
    """The seeds without a result; with `fresh`, also those whose result is of other code."""
    done = {line["seed"] for line in newest(kind) if not fresh or _is_of_now(line)}
    return [seed for seed in seeds if seed not in done]


def _is_of_now(line: Line) -> bool:
    # What mends a broken promise need not be in the pipeline.
    return code_of(line) == pipeline() and (line.get("commit") == commit() or not is_wrong(line))


def is_wrong(line: Line) -> bool:
    """Whether a promise was broken."""
    return bool(line.get("duplicates") or line.get("lost") or line.get("violations"))
