"""No command in docs/ is there that nobody has executed."""

import re
from argparse import _SubParsersAction
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

from django.core.management import CommandError, get_commands, load_command_class

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


def words_in_sentences() -> Iterator[tuple[str, list[str]]]:
    """Page and words of every command of ours that stands in a sentence or a table."""
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
        for code in re.findall(r"`([^`]+)`", text):
            # From a word that stands for one of yours (ID, NETWORK) on, nothing can be known.
            known = re.split(r"(?:^|\s)[A-Z_]{2,}\b", code.replace("…", ""))[0]
            words = known.removeprefix("manage.py ").split()
            ours = get_commands().get(words[0] if words else "") == "airdrops_site"
            if ours and (len(words) > 1 or code.startswith("manage.py")):
                yield page.name, words


def refusal(command: str, arguments: list[str]) -> str:
    """What its parser says against them; no more than that something is left out is no refusal."""
    told = StringIO()
    parser = load_command_class("airdrops_site", command).create_parser("manage.py", command)
    try:
        with redirect_stderr(told), redirect_stdout(told):
            parser.parse_args(arguments)
    except (CommandError, SystemExit) as error:
        told.write(str(error))
    return told.getvalue() if re.search("invalid choice|unrecognized", told.getvalue()) else ""


def test_every_command_in_a_sentence_has_that_verb_and_those_options() -> None:
    named = list(words_in_sentences())
    assert len(named) > 80
    wrong = [(page, words) for page, words in named if refusal(words[0], words[1:])]
    assert wrong == []


def test_an_option_that_is_not_there_is_seen() -> None:
    assert refusal("tx", ["list", "--state", "failed"])
    assert refusal("tx", ["list", "--colour"])
    assert not refusal("tx", ["show"])


def test_every_setting_in_docs_is_one() -> None:
    known = set(re.findall(r"\w+", (ROOT / ".env.example").read_text()))
    told = {
        (page.name, name)
        for page in (ROOT / "docs").rglob("*.md")
        for name in re.findall(r"\bAIRDROPS_[A-Z0-9_]*[A-Z0-9]\b", page.read_text())
    }
    # It says where the others are.
    known.add("AIRDROPS_ENV_FILE")
    assert [(page, name) for page, name in told if name not in known] == []


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
