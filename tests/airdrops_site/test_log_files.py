"""The log file: whole lines of any number of processes, rotated, without what is secret."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from airdrops_site.log_files import SharedFileHandler
from airdrops_site.logs import LogFile, logging_config

PROCESSES, LINES, MOST_BYTES = 4, 2_000, 50_000


@pytest.fixture
def configured(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "logs" / "airdrops.log"
    logging_config(log_format="json", level="INFO", log_file=LogFile(path, 1, 3))
    yield path
    for handler in list(logging.getLogger().handlers):
        handler.close()
    logging_config(log_format="readable", level="INFO")


def handler_at(path: Path, *, most_bytes: int = 100, files: int = 2) -> logging.Logger:
    log = logging.getLogger(f"test.{path}")
    log.propagate = False
    log.setLevel("INFO")
    log.addHandler(SharedFileHandler(path, most_bytes=most_bytes, files=files))
    return log


def test_no_line_of_four_processes_is_lost_or_torn_by_rotation(tmp_path: Path) -> None:
    path = tmp_path / "airdrops.log"
    arguments = [str(LINES), str(MOST_BYTES), "1000"]
    writers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.airdrops_site.log_writer", str(path), f"w{n}", *arguments]
        )
        for n in range(PROCESSES)
    ]
    assert [one.wait(timeout=60) for one in writers] == [0] * PROCESSES
    written = [one for one in tmp_path.iterdir() if one.suffix != ".lock"]
    lines = [line for one in written for line in one.read_text().splitlines()]
    assert len(written) >= 5
    assert all(one.stat().st_size <= MOST_BYTES for one in written)
    assert sorted(lines) == sorted(
        f"w{n} {number} {'x' * (number % 97)}." for n in range(PROCESSES) for number in range(LINES)
    )


def test_so_many_rotated_files_are_kept_and_the_newest_is_the_first(tmp_path: Path) -> None:
    log = handler_at(tmp_path / "log")
    for letter in "abcd":
        log.info(letter * 80)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["log", "log.1", "log.2", "log.lock"]
    assert [(tmp_path / name).read_text()[0] for name in ("log", "log.1", "log.2")] == list("dcb")


def test_a_file_that_logrotate_moved_away_is_let_go(tmp_path: Path) -> None:
    log = handler_at(tmp_path / "log")
    log.info("before")
    (tmp_path / "log").rename(tmp_path / "moved")
    log.info("after")
    assert (tmp_path / "log").read_text() == "after\n"


def test_lines_in_the_file_are_as_redacted_as_on_standard_error(configured: Path) -> None:
    logging.getLogger("anybody").info("key %s at %s", "ab" * 32, "https://x.example/k3y-of-mine")
    line = json.loads(configured.read_text())
    assert "abab" not in line["event"]
    assert "k3y-of-mine" not in line["event"]


def test_a_file_that_cannot_be_written_stops_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log").mkdir()
    handler_at(tmp_path / "log").info("secret")
    said = capsys.readouterr().err
    assert "is missing in log: IsADirectoryError" in said
    assert "secret" not in said


def test_others_may_not_read_it(configured: Path) -> None:
    logging.getLogger("anybody").info("hello")
    assert os.stat(configured).st_mode & 0o007 == 0
