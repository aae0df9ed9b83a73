"""What commands print: folded for nobody who reads a file, readable on a narrow terminal."""

from io import StringIO

from rich.console import Console

from airdrops_site.answers import print_parts, table

PATH = "/srv/airdrops/backups/airdrops-085216d0-20261127T085842392369Z.tar.gz.age: 6,464 rows whole"


def printed(*, terminal: bool, rows: int) -> str:
    out = StringIO()
    names = ("Severity", "Subject", "Acknowledged by", "What was said")
    cells = [("critical", "devnet-l2", "", "0x" + "9" * 64)] * rows
    console = Console(file=out, force_terminal=terminal, no_color=True, width=80)
    print_parts(console, [table("Open alerts", names, cells), PATH])
    return out.getvalue()


def test_a_file_gets_whole_words_and_whole_paths() -> None:
    said = printed(terminal=False, rows=1)
    assert "0x" + "9" * 64 in said
    assert PATH in said


def test_a_terminal_too_narrow_for_the_words_gets_a_block_for_each_row() -> None:
    said = printed(terminal=True, rows=2)
    assert said.count("Severity: critical") == 2
    assert "Acknowledged by" not in said


def test_a_table_without_rows_is_a_sentence() -> None:
    assert "Open alerts: none" in printed(terminal=False, rows=0)
