"""The commands of the alerts' pages and of the guide are commands of ours."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand

from tests.airdrops_site import guides
from tests.monitoring import kit

pytestmark = [pytest.mark.django_db, pytest.mark.db]

# These say by their exit code what they found, 2 included.
_TELLS_BY_CODE = ("manage.py health", "manage.py preflight")
_INLINE = re.compile(r"`manage\.py (\w+)(?: ([a-z][a-z-]+)\b(?! [A-Z]?=))?")


def _commands() -> list[str]:
    pages = (f"alerts/{path.name}" for path in sorted(kit.PAGES.glob("*.md")))
    return sorted({line for page in pages for line in guides.commands(page)})


def _is_told(line: str) -> bool:
    return line in _TELLS_BY_CODE


def test_what_the_pages_say_to_look_at_can_be_looked_at() -> None:
    # Workers add the portfolio up every so often; until then there is nothing to show.
    guides.run("manage.py portfolio snapshot")
    for line in _commands():
        code, _ = guides.run(line)
        assert code in (0, 1) or _is_told(line), line


def test_what_the_pages_say_to_do_names_commands_of_ours() -> None:
    for path in sorted(kit.PAGES.glob("*.md")):
        for name, verb in _INLINE.findall(path.read_text()):
            assert name in get_commands(), (path.name, name)
            if verb:
                assert verb in _help(load_command_class(get_commands()[name], name), name), verb


def _help(command: BaseCommand, name: str) -> str:
    said = StringIO()
    command.create_parser("manage.py", name).print_help(said)
    return said.getvalue()


def test_the_guide_lists_every_dashboard() -> None:
    text = Path(settings.BASE_DIR, "docs", "monitoring.md").read_text()
    assert set(re.findall(r"`/d/([\w-]+)`", text)) == {path.stem for path in kit.DASHBOARDS}
