"""docs/profit.md says nothing that does not work; and what is refused is one sentence."""

import json
from pathlib import Path
from string import Template

import pytest
from django.core.management import CommandError, call_command

from tests.airdrops_site.guides import commands, run
from tests.analytics.written import Desk, book, fee, into, price
from wallets.models import Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def desk(db: None) -> Desk:
    """A deposit and a fee of alice's, and an airdrop without a price."""
    desk = Desk.lay()
    Wallet.objects.filter(pk=desk.alice.pk).update(label="alice")
    price(desk.eth, 0, "1000")
    book(0, into(desk.alice, desk.eth, "2", "outside"))
    book(0, fee(desk.alice, desk.eth, "0.5"))
    book(0, into(desk.bob, desk.fund, "7", "airdrop"))
    return desk


def test_every_command_of_the_guide_works(desk: Desk, tmp_path: Path) -> None:
    missing, filled = tmp_path / "missing.csv", tmp_path / "filled.csv"
    places = {"MISSING": str(missing), "FILLED": str(filled), "FOLDER": str(tmp_path)}
    lines = commands("profit.md")
    assert len(lines) == 11
    for line in lines:
        code, _ = run(Template(line).substitute(places))
        assert code == 0
        if missing.exists():
            filled.write_text(missing.read_text().replace("Z,\n", "Z,3.5\n"))
    assert json.loads(run("manage.py ledger unpriced --json")[1]) == []
    assert {path.name for path in tmp_path.iterdir()} >= {"ledger.parquet", "form8949.csv"}


def test_profit_as_json_has_every_digit_and_null_for_unknown(desk: Desk) -> None:
    found = json.loads(run("manage.py ledger profit --json")[1])
    eth, fund = found["lines"]
    assert (eth["cost"], eth["fees"], eth["quantity"]) == ("1500", "500", "1.5")
    assert (fund["cost"], fund["income"], fund["worth"]) == (None, None, None)
    assert any("unknown" in sentence for sentence in found["unknown"])


def test_to_standard_output_it_is_the_file_and_nothing_else(
    desk: Desk, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    call_command("ledger", "export", "--format", "jsonl", "--wallet", "alice")
    lines = capfdbinary.readouterr().out.splitlines()
    assert [json.loads(line)["kind"] for line in lines if line] == ["in", "fee"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("profit --from yesterday", "--from yesterday is no day"),
        ("profit --from 2026-02-01 --to 2026-01-01", "--to 2026-01-01 is before"),
        ("export --wallet nobody", "there is no wallet nobody"),
        ("export --format parquet", "that needs a file"),
        ("export --output /nowhere/at/all.csv", "/nowhere/at/all.csv cannot be written"),
        ("prices /nowhere/at/all.csv", "cannot be read"),
        ("roi --by colour", "invalid choice"),
        ("profit --to 9999-12-31", "--to 9999-12-31: the year must be from 2009 to 2999"),
    ],
)
def test_bad_input_is_one_sentence_and_code_2(desk: Desk, words: str, said: str) -> None:
    with pytest.raises(CommandError, match=said) as refused:
        call_command("ledger", *words.split())
    assert refused.value.returncode == 2
    assert "\n" not in str(refused.value)
