"""No command in docs/ is there that nobody has executed."""

import re
from argparse import _SubParsersAction

from django.core.management import get_commands, load_command_class

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


def verbs_of(command: str) -> list[str]:
    """What may follow the command's name; empty where anything may."""
    known = get_commands()
    assert command in known, command
    parser = load_command_class(known[command], command).create_parser("manage.py", command)
    found = [one for one in parser._actions if isinstance(one, _SubParsersAction)]
    return list(found[0].choices) if found else []


def test_every_command_that_the_code_advises_is_there() -> None:
    apps = ("wallets", "protocols", "scheduling", "analytics", "airdrops_site", "templates")
    files = [
        file for app in apps for kind in ("py", "html") for file in ROOT.glob(f"{app}/**/*.{kind}")
    ]
    texts = [re.sub(r'"?\s*\n\s*f?"?', " ", file.read_text()) for file in files]
    named = {
        found for text in texts for found in re.findall(r"`manage\.py (\w+) ([a-z][a-z-]+)", text)
    }
    assert len(named) > 15
    wrong = [(name, verb) for name, verb in named if verb not in (verbs_of(name) or [verb])]
    assert wrong == []
