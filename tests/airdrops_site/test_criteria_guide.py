"""The page about criteria, its commands executed as they stand; and what is refused."""

import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from analytics.models import Attestation, CriterionEvaluation
from tests.airdrops_site.guides import commands, execute, run
from tests.airdrops_site.test_criteria_pages import RULES, season
from wallets.models import Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    """Two wallets in a campaign, a file of facts and one of rules."""
    season(tmp_path, settings)
    first = Wallet.objects.order_by("pk")[0]
    Wallet.objects.filter(pk=first.pk).update(label="farm-1")
    (tmp_path / "facts.csv").write_text("wallet,fact,value,source\nfarm-1,badge,1,page 3\n")
    (tmp_path / "rules.txt").write_text(RULES)
    return tmp_path


def test_every_command_of_the_guide_works(folder: Path) -> None:
    files = {"FACTS": str(folder / "facts.csv"), "RULES": str(folder / "rules.txt")}
    ended = [execute(line, files, folder / "password") for line in commands("criteria.md")]
    assert [code for code, _ in ended] == [0] * 10
    assert CriterionEvaluation.objects.count() == 2  # the pages' own and one that was not dry
    assert Attestation.objects.count() == 3


def test_standing_is_ranges_for_scripts(folder: Path) -> None:
    run("manage.py criteria attest --wallet farm-1 --fact season-badge --value yes --source b")
    run("manage.py criteria evaluate --campaign season")
    first, second = json.loads(run("manage.py criteria standing --campaign season --json")[1])
    assert (first["wallet"], first["points"], second["points"]) == (
        "farm-1",
        ["1", "1"],
        ["0", "1"],
    )
    assert first["rules"][0]["asks"][0]["missing"] == "2"
    assert second["rules"][3] == {
        "rule": "badge_holder",
        "met": None,
        "gives": ["0", "1"],
        "asks": [
            {
                "metric": "badge",
                "unit": "yes or no",
                "wanted": ">= 1",
                "found": ["0", "1"],
                "missing": None,
            }
        ],
    }


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("show nothing", "there is no rule set 'nothing'"),
        ("check /nowhere.toml", "/nowhere.toml cannot be read: No such file"),
        ("evaluate --campaign nothing", "there is no campaign nothing"),
        ("attest --fact badge --source x", "give --file, or --fact with --wallet"),
        ("attest --wallet farm-1 --fact badge", "say in at most 300 characters where badge can be"),
    ],
)
def test_bad_input_gets_a_sentence_and_code_2(folder: Path, line: str, said: str) -> None:
    with pytest.raises(CommandError, match=said) as refused:
        call_command("criteria", *line.split())
    assert refused.value.returncode == 2
