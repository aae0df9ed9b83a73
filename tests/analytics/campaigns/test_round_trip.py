"""What is exported comes back to the byte; what does not fit is refused whole."""

import csv
import io
import json
import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.campaigns.cells import as_meant, harmless
from analytics.campaigns.exporting import export
from analytics.campaigns.importing import Imported, import_records
from analytics.campaigns.reading import Malformed, read_records
from analytics.models import Campaign, Claim, Eligibility
from tests.analytics.campaigns.rows import token_of
from tests.factories import (
    NOON,
    CampaignFactory,
    ClaimFactory,
    EligibilityFactory,
    ReceiptFactory,
    TaskFactory,
    a_hash,
)
from wallets.amounts import MAX_UINT256

pytestmark = [pytest.mark.django_db, pytest.mark.db]
EVIL = '=cmd|"/c calc"!A1'


def text(form: str) -> str:
    return "".join(export(campaigns=Campaign.objects.all(), form=form))


def take(said: str, **how: Any) -> Imported:
    found = read_records(io.StringIO(said, newline=""))
    return import_records(found, actor="test", reason="a test", **how)


def forget() -> None:
    for model in (Claim, Eligibility, Campaign):
        model.objects.all().delete()


@pytest.fixture
def everything(db: None) -> None:
    """Every field set, with the values that are hardest to write."""
    campaign = CampaignFactory.create(
        slug="zk",
        name=EVIL,
        notes='\'+1\r\n\tüber "quotes", commas\r',
        link="https://zk.example",
        links=["https://a.example", "https://b.example"],
        criteria="zksync-2024",
        announced_on=date(2024, 6, 11),
        snapshot_at=NOON.replace(microsecond=7),
        claim_opens_at=NOON,
        expected_cents=-(2**62),
        claim_contract="0x" + "ab" * 20,
    )
    campaign.networks.add(token_of(campaign).network)
    campaign.tasks.add(TaskFactory.create(name="@claim"))
    eligible = {"amount": MAX_UINT256, "points": Decimal("-1.5"), "source": "-list"}
    details = [{"rule": EVIL, "b": 1.5, "a": None}]
    EligibilityFactory.create(campaign=campaign, checked_at=NOON, details=details, **eligible)
    EligibilityFactory.create(campaign=campaign, status="unknown", amount=None)
    ClaimFactory.create(campaign=campaign, proof={"index": 3, "proof": ["0x" + "1" * 64]})
    done = {"status": "claimed", "claimed_hash": a_hash("elsewhere"), "reason": "=by hand"}
    ClaimFactory.create(campaign=campaign, amount=0, **done)


@pytest.mark.parametrize("form", ["json", "csv"])
@pytest.mark.usefixtures("everything")
def test_an_export_comes_back_byte_for_byte(form: str) -> None:
    first, other = text(form), "csv" if form == "json" else "json"
    as_other = text(other)
    forget()
    done = take(first)
    assert (done.records, done.refusals) == (5, [])
    assert (text(form), text(other)) == (first, as_other)
    kept = {kind: dict(found) for kind, found in take(first).counts.items()}
    assert all(found.get("kept") and not found.get("changed") for found in kept.values())


@pytest.mark.usefixtures("everything")
def test_no_cell_of_a_csv_is_a_formula() -> None:
    cells = [cell for line in csv.reader(io.StringIO(text("csv"), newline="")) for cell in line]
    risky = [one for one in cells if one.startswith(tuple("=+-@\t\r"))]
    assert "'" + EVIL in cells
    assert all(Decimal(one) < 0 for one in risky)


@given(st.text())
def test_a_harmless_text_means_what_it_was(said: str) -> None:
    assert as_meant(harmless(said)) == said


@pytest.mark.usefixtures("everything")
def test_a_trial_writes_nothing() -> None:
    first = text("json")
    forget()
    assert take(first, dry_run=True).counts["eligibility"]["added"] == 2
    assert not Campaign.objects.exists()


@pytest.mark.usefixtures("everything")
def test_with_one_mistake_nothing_is_written_and_its_line_is_told() -> None:
    said = text("json").splitlines()
    said[3] = said[3].replace('"campaign":"zk"', '"campaign":"none"')
    forget()
    done = take("\n".join(said))
    assert [str(one) for one in done.refusals] == [
        "line 4: campaign: there is no 'none', and no record of it before"
    ]
    assert not Campaign.objects.exists()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"amount": "1.5"}, "amount: '1.5' is no amount"),
        ({"amount": 1.0}, "amount: 1.0 is no amount"),
        ({"amount": str(2**256)}, "amount: .* is outside"),
        ({"points": "NaN"}, "points: 'NaN' is no decimal"),
        ({"status": "maybe"}, "status: Value 'maybe' is not a valid choice."),
        ({"wallet": "0x" + "5" * 40}, "is none of ours"),
        ({"checked_at": "2024-01-01T00:00:00"}, "is no moment"),
        ({"colour": "red"}, "an eligibility has no 'colour'"),
        ({"source": ""}, "source: say where eligible is known from"),
        ({"record": "wallet"}, "it must be one of campaign, eligibility, claim"),
        ({"source": "a\0b"}, "is no text"),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(change: dict[str, Any], reason: str) -> None:
    EligibilityFactory.create(source="list")
    _, record = json.loads(text("json"))
    done = take(json.dumps([record | change]))
    (refusal,) = done.refusals
    assert re.search(reason, str(refusal))
    assert refusal.line == 1


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("", "line 1: the header must be"),
        ("a,b\n", "line 1: the header must be"),
        ("[{]", "line 1: this is no JSON value"),
        ('[\n{"record": "claim"}', "line 2: , is missing"),
        ("[NaN]", "line 1: this is no JSON value"),
        ("{}", r"line 1: \[ is missing"),
        ("[" * 100_000, "line 1: this is no JSON value"),
    ],
)
def test_a_file_that_is_none_is_refused(said: str, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        take(said)


def test_the_same_row_twice_is_refused() -> None:
    EligibilityFactory.create(source="list")
    lines = text("json").replace("\n]", "").splitlines()
    done = take("\n".join([*lines, "," + lines[-1], "]"]))
    assert str(done.refusals[0]) == "line 4: the file has this eligibility twice"


def test_what_was_claimed_and_what_is_newer_stay() -> None:
    claim, known = ClaimFactory.create(), EligibilityFactory.create(source="a", checked_at=NOON)
    before = text("json")
    claim.status, claim.reason = "claimed", "seen"
    claim.save()
    Eligibility.objects.update(status="not_eligible", checked_at=NOON.replace(year=2030))
    assert not take(before).refusals
    claim.refresh_from_db()
    known.refresh_from_db()
    assert (claim.status, known.status) == ("claimed", "not_eligible")


def test_a_claim_from_a_file_is_tied_to_the_transaction_that_is_here() -> None:
    receipt = ReceiptFactory.create()
    claim = ClaimFactory.create(claimed_hash=receipt.attempt.hash, status="claimed", reason="r")
    said = text("csv")
    claim.delete()
    assert not take(said).refusals
    assert Claim.objects.get().transaction_id == receipt.transaction_id
