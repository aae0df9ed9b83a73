"""The comparison with the old runbook names nothing that is not there."""

import re
from pathlib import Path

from django.conf import settings

from tests.airdrops_site.test_docs_commands import refusal
from tests.monitoring import kit

ROOT = Path(settings.BASE_DIR)
TEXT = ROOT.joinpath("docs/runbook-compared.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.splitlines()
    if line.startswith("| ") and not line.startswith("| there ")
]


def test_every_procedure_has_what_does_it_here_and_a_test_or_a_person() -> None:
    assert len(ROWS) > 40
    executed = re.compile(r"::test_|a person|the runbook's test|the same two")
    assert [row for row in ROWS if len(row) != 3 or not executed.search(row[2])] == []


def test_every_test_that_it_names_is_there() -> None:
    named = re.findall(r"`([\w/]+/\w+\.py)(?:::(\w+))?`", TEXT)
    assert len(named) > 40
    for file, name in named:
        assert f"def {name}" in ROOT.joinpath("tests", file).read_text(), (file, name)


def test_every_command_that_it_names_is_there() -> None:
    named = re.findall(r"`manage\.py ([a-z_]+)([^`]*)`", TEXT)
    assert len(named) > 30
    assert [words for words in named if refusal(words[0], words[1].split())] == []
    targets = ROOT.joinpath("Makefile").read_text()
    for target in re.findall(r"`make (\w+)`", TEXT):
        assert f"\n{target}: " in targets, target


def test_every_metric_rule_dashboard_and_page_that_it_names_is_there() -> None:
    metrics = ROOT.joinpath("docs/metrics.md").read_text()
    for name in re.findall(r"`(airdrops_[a-z_]+)`", TEXT):
        assert f"| `{name}` |" in metrics, name
    for rule in re.findall(r"rule (\w+)", TEXT):
        assert ROOT.joinpath("docs/alerts", f"{rule}.md").is_file(), rule
    boards = {path.stem for path in kit.DASHBOARDS}
    assert set(re.findall(r"`/d/([\w-]+)`", TEXT)) <= boards
    for page in re.findall(r"\]\(([\w-]+\.md)\)", TEXT):
        assert ROOT.joinpath("docs", page).is_file(), page


def test_the_runbook_leads_to_it() -> None:
    assert "(runbook-compared.md)" in ROOT.joinpath("docs/runbook.md").read_text()
