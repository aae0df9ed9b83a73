"""No command in docs/ is there that nobody has executed."""

import re

from tests.airdrops_site.docs_commands import EXECUTED, ROOT, SUBSTITUTES, how, shell_lines


def test_no_command_in_docs_is_unexecuted() -> None:
    assert [f"{page}: {line}" for page, line in shell_lines() if not how(page, line)] == []


def test_an_unknown_line_is_seen() -> None:
    assert how("runbook.md", "rm -rf /") == ""
    assert how("nowhere.md", "manage.py health") == ""


def test_every_test_named_reads_its_page() -> None:
    for page, test in EXECUTED.items():
        assert f'"{page}"' in (ROOT / "tests" / test).read_text(), (page, test)


def test_every_substitute_is_there_and_used() -> None:
    lines = [line for _, line in shell_lines()]
    for start, told in SUBSTITUTES.items():
        assert any(re.match(start, line) for line in lines), start
        for name in re.findall(r"tests/[\w/]+\.py", told):
            assert (ROOT / name).is_file(), name
