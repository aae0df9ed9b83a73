"""A guide's commands, executed as a shell would."""

import re
import shlex
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from analytics.models import Rebalance
from scheduling.models import Approval, Plan

_NUMBERED = {
    re.compile(r"(plans (?:show|approve|run|retry|cancel)) (\d+)"): Plan,
    re.compile(r"(approvals (?:show|approve|decline)) (\d+)"): Approval,
    re.compile(r"(allocation (?:rebalance|approve|apply|refuse)) (\d+)"): Rebalance,
}


def _with_numbers(line: str) -> str:
    """The guide counts rows from 1; a database that others have used counts on."""
    for pattern, model in _NUMBERED.items():
        if found := pattern.search(line):
            row = model._default_manager.order_by("pk")[int(found[2]) - 1]
            line = line.replace(found[0], f"{found[1]} {row.pk}")
    return line


def commands(name: str) -> list[str]:
    """Every line of the page's shell blocks, in order."""
    text = Path(settings.BASE_DIR, "docs", name).read_text()
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


def execute(line: str, variables: Mapping[str, str], password: Path) -> tuple[int, str]:
    """The exit code, and what was printed; a password is read from the file instead of asked."""
    for name, value in variables.items():
        line = line.replace(f"${name}", value)
    line = _with_numbers(line)
    if "--user" in line:
        line += f" --password-file {password}"
    return run(line)


def run(line: str) -> tuple[int, str]:
    """The exit code of a command without variables or logins, and what was printed."""
    program, *arguments = shlex.split(line)
    assert program == "manage.py"
    said = StringIO()
    try:
        call_command(*arguments, stdout=said)
    except SystemExit as ended:
        return int(str(ended.code)), said.getvalue()
    return 0, said.getvalue()
