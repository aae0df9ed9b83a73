"""Exports say what the books say, in the shapes that other programs read."""

import csv
import io
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas
import pytest

from analytics.exports.cells import harmless
from analytics.exports.disposals import term
from analytics.exports.formats import FORMATS, write, write_file
from analytics.exports.wanted import Names, Wanted
from tests.analytics.written import Desk, book, fee, into, out, price
from tests.factories import WalletFactory
from wallets.models import Wallet

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def desk(db: None) -> Desk:
    """A deposit, an exchange with its fee, a transfer, a supply, an airdrop and a failure."""
    desk = Desk.lay()
    Wallet.objects.filter(pk=desk.alice.pk).update(label="=HYPERLINK(1)")
    for token, worth in ((desk.eth, "1000"), (desk.usd, "1")):
        price(token, 0, worth)
    alice, bob = desk.alice, desk.bob
    book(0, into(alice, desk.eth, "2", "outside"))
    book(
        0,
        fee(alice, desk.eth, "0.001"),
        out(alice, desk.eth, "1", "trade", protocol="uniswap"),
        into(alice, desk.usd, "990", "trade", protocol="uniswap"),
    )
    book(0, out(alice, desk.usd, "90", "own"), into(bob, desk.usd, "90", "own"))
    book(0, out(alice, desk.usd, "400", "protocol", protocol="aave"))
    book(0, into(bob, desk.fund, "7", "airdrop"))
    book(0, fee(alice, desk.eth, "0.002"))
    return desk


def exported(name: str, wanted: Wanted | None = None) -> str:
    file = io.BytesIO()
    write(name, wanted or Wanted(), file)
    return file.getvalue().decode()


def rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(exported(name))))


def test_csv_has_every_entry_with_exact_numbers_and_unknown_left_empty(desk: Desk) -> None:
    found = rows("csv")
    assert len(found) == 9
    assert (found[0]["amount"], found[0]["base_units"]) == ("2", str(2 * 10**18))
    assert found[0]["usd"] == "2000"
    assert [row["usd"] for row in found if row["account"] == "airdrop"] == [""]


def test_a_label_that_looks_like_a_formula_is_text(desk: Desk) -> None:
    assert rows("csv")[0]["wallet"] == "'=HYPERLINK(1)"
    for text in ("=1", "+1", "-1", "@x", "\tx", "\rx", "  =1", "\uff1d1", "\u00a0=1"):
        assert harmless(text) == f"'{text}"
    assert harmless("a=1") == "a=1"


def test_json_and_json_lines_say_the_same(desk: Desk) -> None:
    array = json.loads(exported("json"))
    assert array == [json.loads(line) for line in exported("jsonl").splitlines()]
    assert (array[0]["base_units"], array[-1]["usd"]) == (str(2 * 10**18), "2")


def test_a_wallet_that_is_made_while_the_file_is_written_has_its_name_in_it(desk: Desk) -> None:
    names, late = Names(), WalletFactory.create(label="late")
    assert names.wallets[late.pk] == ("late", late.address)


def test_an_empty_ledger_is_an_empty_file_of_its_format(db: None) -> None:
    assert json.loads(exported("json")) == []
    assert exported("jsonl") == ""
    assert rows("koinly") == []


def test_parquet_holds_the_same_rows_exactly(desk: Desk, tmp_path: Path) -> None:
    write_file("parquet", Wanted(), tmp_path / "ledger.parquet")
    frame = pandas.read_parquet(tmp_path / "ledger.parquet")
    array = json.loads(exported("json"))
    assert list(frame["base_units"]) == [row["base_units"] for row in array]
    known = [Decimal(value) for value in frame["usd"].dropna()]
    assert sum(known) == sum(Decimal(row["usd"]) for row in array if row["usd"] is not None)
    assert str(frame["time"].dtype) == "datetime64[us, UTC]"


def test_koinly_reads_an_exchange_as_one_line_with_its_fee(desk: Desk) -> None:
    found = rows("koinly")
    swap = next(row for row in found if row["Sent Amount"] and row["Received Amount"])
    assert (swap["Sent Amount"], swap["Sent Currency"]) == ("1", "ETH")
    assert (swap["Received Amount"], swap["Fee Amount"]) == ("990", "0.001")
    assert (swap["Net Worth Amount"], swap["Net Worth Currency"]) == ("990", "USD")
    assert {row["Label"] for row in found} == {"", "airdrop", "cost", "add to pool"}
    assert swap["Date"] == "2026-01-01 12:00:00 UTC"


def test_what_tax_programs_get_adds_up_to_the_ledger(desk: Desk) -> None:
    came = sum(Decimal(row["amount"]) for row in rows("csv") if row["kind"] == "in")
    fees = sum(Decimal(row["amount"]) for row in rows("csv") if row["kind"] == "fee")
    tracker = rows("cointracker")
    assert sum(Decimal(row["Received Quantity"] or 0) for row in tracker) == came
    paid = [row for row in tracker if row["Fee Amount"]]
    alone = [row for row in rows("cointracking") if row["Type"] == "Other Fee"]
    assert sum(Decimal(row["Fee Amount"]) for row in paid) + Decimal(alone[0]["Sell"]) == fees
    assert len(rows("rotki-trades")) == 1
    assert len(rows("rotki-events")) == len(tracker) - 1


def test_the_fee_of_what_only_came_stands_alone(desk: Desk) -> None:
    """Koinly: "a deposit can not have any fee"; it would be lost."""
    price(desk.fund, 1, "2")
    book(1, into(desk.alice, desk.fund, "5", "airdrop"), fee(desk.alice, desk.eth, "0.003"))
    came = next(row for row in rows("koinly") if row["Received Amount"] == "5")
    cost = next(row for row in rows("koinly") if row["Sent Amount"] == "0.003")
    assert (came["Label"], came["Fee Amount"], cost["Label"]) == ("airdrop", "", "cost")


def test_disposals_are_listed_by_lot_with_their_gain(desk: Desk) -> None:
    sold = next(row for row in rows("form8949") if row["Disposed of by"] == "trade")
    assert (sold["Description of property"], sold["Term"]) == ("1 ETH", "short")
    assert (sold["Proceeds"], sold["Cost or other basis"]) == ("990", "1000")
    assert sold["Gain or (loss)"] == "-10"


def test_long_term_is_more_than_a_year() -> None:
    """IRS Topic 409: the count begins the day after; the anniversary itself is still short."""
    assert term(date(2025, 1, 1), date(2026, 1, 1)) == "short"
    assert term(date(2025, 1, 1), date(2026, 1, 2)) == "long"
    assert term(date(2024, 2, 29), date(2025, 2, 28)) == "short"
    assert term(date(2024, 2, 29), date(2025, 3, 1)) == "long"
    # Rev. Rul. 66-7: had from the last day of a month, it is a year on the first of the month.
    assert term(date(2023, 2, 28), date(2024, 2, 29)) == "short"
    assert term(date(2023, 2, 28), date(2024, 3, 1)) == "long"
    assert term(date(2024, 2, 28), date(2025, 3, 1)) == "long"


@pytest.mark.parametrize("name", FORMATS)
def test_only_what_was_asked_for_is_in_it(desk: Desk, name: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_file(name, Wanted(wallets=(desk.bob.pk,)), path)
    assert b"HYPERLINK" not in path.read_bytes()


def test_a_file_that_cannot_be_finished_leaves_the_old_one(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "ledger.csv"
    path.write_text("old")

    def full(_size: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_file("csv", Wanted(), path, full)
    assert (path.read_text(), list(tmp_path.iterdir())) == ("old", [path])
