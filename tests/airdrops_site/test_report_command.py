"""`manage.py report`, and the guide to reports."""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pypdf import PdfReader

from tests import factories as made
from tests.airdrops_site.guides import commands, run
from tests.analytics.reports.days import a_day

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_every_command_of_the_guide_works(tmp_path: Path) -> None:
    made.CampaignFactory.create(slug="scroll-season-2")
    for line in commands("reports.md"):
        code, said = run(line.replace("/srv/reports", str(tmp_path)))
        assert code == 0, (line, said)
    assert len(list(tmp_path.iterdir())) == 3


def test_the_same_day_comes_as_text_json_and_pdf(tmp_path: Path) -> None:
    a_day()
    line = "manage.py report daily --date 2026-11-23"
    assert "Fees 6.00 USD" in run(line)[1]
    facts = json.loads(run(f"{line} --json")[1])
    assert (facts["kind"], facts["start"]) == ("daily", "2026-11-23T00:00:00+00:00")
    assert run(f"{line} --format pdf --output {tmp_path}/a.pdf")[0] == 0
    assert "6.00 USD" in PdfReader(tmp_path / "a.pdf").pages[0].extract_text()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("daily --date 2999-01-01", "2999-01-01 has not begun"),
        ("weekly --date 0001-01-01", "0001-01-01 is before the first block of any chain"),
        ("daily --date yesterday", "'yesterday' is no date; write it like 2026-11-26"),
        ("campaign --campaign nothing", "there is no campaign 'nothing'; there are: a-campaign"),
        ("daily --format pdf", "a PDF is no text: add --output FILE"),
        ("daily --output /nowhere/a.html", "/nowhere/a.html cannot be written: No such file"),
        ("daily --output /", "/ is a folder"),
        ("monthly", "invalid choice: 'monthly'"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(line: str, told: str) -> None:
    made.CampaignFactory.create(slug="a-campaign")
    with pytest.raises(CommandError, match=told.replace("'", ".")) as refused:
        run(f"manage.py report {line}")
    assert refused.value.returncode == 2


def test_a_file_is_there_whole_or_as_it_was(tmp_path: Path) -> None:
    kept = tmp_path / "a.csv"
    kept.write_text("as it was")
    with CaptureQueriesContext(connection) as asked:
        assert run(f"manage.py report daily --format csv --output {kept}")[0] == 0
    assert kept.read_text().startswith("section,item,row,name,value,unit,note")
    assert [one.name for one in tmp_path.iterdir()] == ["a.csv"]
    assert kept.stat().st_mode & 0o077 == 0
    assert not any(one["sql"].startswith(("INSERT", "UPDATE")) for one in asked)
