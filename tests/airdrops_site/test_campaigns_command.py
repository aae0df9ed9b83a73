"""`manage.py campaigns`, as the guide says it, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from analytics.models import Campaign, Claim, Eligibility, LedgerEntry
from tests.airdrops_site.guides import commands, run
from tests.analytics.campaigns.rows import arrived, transfer
from tests.factories import CampaignFactory, EligibilityFactory, WalletFactory, an_address
from wallets.models import Transition, Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]
OURS = "0x00000000000000000000000000000000000000A1"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the guide's files are."""
    (tmp_path / "docs").symlink_to(Path(settings.BASE_DIR, "docs"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def wallet(db: None) -> Wallet:
    return WalletFactory.create(address=OURS, label="farm-1")


@pytest.fixture
def campaign(wallet: Wallet) -> Campaign:
    """What the guide is about, with 40 tokens from a stranger."""
    found = CampaignFactory.create(slug="zk", name="ZK", status="rumoured")
    arrived(transfer(wallet, found.token, 40_000_000, an_address("a stranger")))
    return found


def asked(*line: str) -> Any:
    return json.loads(run("manage.py campaigns --json " + " ".join(line))[1])


def test_the_guide_works_line_by_line(here: Path, campaign: Campaign, wallet: Wallet) -> None:
    entry = str(LedgerEntry.objects.get().pk)
    for line in commands("campaigns.md"):
        code, said = run(line.replace("ENTRY", entry))
        assert code == 0, (line, said)
    campaign.refresh_from_db()
    assert campaign.status == "claimable"
    assert Eligibility.objects.get(wallet=wallet).amount == 40_000_000
    assert LedgerEntry.objects.get().campaign == campaign
    assert asked("show", "zk")["received"][0]["received_tokens"] == "40.000000"


def test_an_export_in_a_file_is_imported_where_nothing_is(here: Path, campaign: Campaign) -> None:
    EligibilityFactory.create(campaign=campaign, source="list")
    assert asked("export", "--to", "all.csv")["records"] == asked("count")["records"] == 2
    LedgerEntry.objects.all().delete()
    Eligibility.objects.all().delete()
    Campaign.objects.all().delete()
    assert asked("import", "all.csv", "--dry-run")["counts"]["campaign"]["added"] == 1
    assert asked("count")["records"] == 0
    run("manage.py campaigns import all.csv")
    assert run("manage.py campaigns export --format csv")[1] == Path("all.csv").read_text()
    assert sorted(one.name for one in here.iterdir()) == ["all.csv", "docs"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (("show", "nothing"), "there is no campaign 'nothing'"),
        (("export", "nothing"), "there is no campaign 'nothing'"),
        (("export", "--to", "no/such/folder"), "no/such/folder cannot be written"),
        (("import", "nothing.csv"), "nothing.csv cannot be read: No such file"),
        (("status", "zk", "rumoured"), "from ended back to rumoured is a correction; say why"),
        (("entitle", "zk", "list.csv"), "list.csv: line 2: 'me' is not an address"),
        (("receive", "zk", "999999", "--reason", "x"), "there is no entry 999999"),
    ],
)
def test_what_is_refused_is_one_sentence(
    here: Path, campaign: Campaign, line: tuple[str, ...], reason: str
) -> None:
    Campaign.objects.update(status="ended")
    Path("list.csv").write_text("address,amount\nme,1\n")
    with pytest.raises(CommandError, match=reason) as refused:
        call_command("campaigns", *line)
    assert refused.value.returncode == 2


def test_refused_lines_are_told_on_standard_error(
    here: Path, wallet: Wallet, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("bad.json").write_text('[\n{"record": "campaign", "campaign": "x"}\n]')
    assert run("manage.py campaigns import bad.json")[0] == 2
    assert capsys.readouterr().err == "line 2: name is missing\nnothing was written\n"
    assert not Claim.objects.exists()
    assert not Transition.objects.filter(subject="campaign").exists()
