"""The page of profit shows what was worked out, and gives the ledger to whoever may see it."""

import csv
import io
import json
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from analytics.basis import jobs
from tests.airdrops_site.test_emergency_pages import signed_in
from tests.analytics.written import Desk, book, fee, into, price

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def desk(db: None) -> Desk:
    """A deposit, a fee, and an airdrop without a price."""
    desk = Desk.lay()
    price(desk.eth, 0, "1000")
    book(0, into(desk.alice, desk.eth, "2", "outside"))
    book(0, fee(desk.alice, desk.eth, "0.5"))
    book(0, into(desk.bob, desk.fund, "7", "airdrop"))
    return desk


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_the_page_shows_lines_and_lists_what_is_unknown(desk: Desk) -> None:
    client = signed_in("viewer")
    assert "It was not worked out yet" in client.get("/admin/profit/").content.decode()
    jobs.refresh_profit()
    page = client.get("/admin/profit/?method=average").content.decode()
    assert "500.00" in page
    assert f"FUND on {desk.fund.network.slug} on 2026-01-01: 1 entry" in page
    assert "Unknown" in page


def test_the_page_reads_no_books(
    desk: Desk, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    jobs.refresh_profit()
    client = signed_in("viewer")
    client.get("/admin/profit/")
    with django_assert_num_queries(9):
        client.get("/admin/profit/")


def test_a_download_streams_and_is_in_the_log(desk: Desk) -> None:
    client = signed_in("viewer")
    answer: Any = client.post("/admin/profit/download/", {"format": "csv", "method": "fifo"})
    assert answer.streaming
    assert len(list(csv.DictReader(io.StringIO(body(answer).decode())))) == 3
    noted = LogEntry.objects.get()
    assert (noted.user.username, noted.object_repr) == ("viewer", "Ledger downloaded as csv")


def test_parquet_can_be_downloaded_too(desk: Desk) -> None:
    answer = signed_in("viewer").post(
        "/admin/profit/download/", {"format": "parquet", "method": "fifo"}
    )
    assert body(answer)[:4] == b"PAR1"


def test_only_whoever_may_see_the_ledger_gets_it(desk: Desk) -> None:
    stranger = Client()
    stranger.force_login(User.objects.create_user("eve", is_staff=True))
    for answer in (
        stranger.get("/admin/profit/"),
        stranger.post("/admin/profit/download/", {"format": "csv", "method": "fifo"}),
    ):
        assert answer.status_code == 403
    assert not LogEntry.objects.exists()


def test_days_in_the_wrong_order_are_said_and_nothing_is_sent(desk: Desk) -> None:
    asked = {"format": "json", "method": "fifo", "first": "2026-02-02", "last": "2026-01-01"}
    answer = signed_in("viewer").post("/admin/profit/download/", asked)
    assert answer.status_code == 400
    assert "This is before the first day." in answer.content.decode()


def test_the_last_day_there_is_has_no_day_after_it(desk: Desk) -> None:
    asked = {"format": "csv", "method": "fifo", "last": "9999-12-31"}
    assert signed_in("viewer").post("/admin/profit/download/", asked).status_code == 400


def test_a_period_and_a_wallet_are_what_is_sent(desk: Desk) -> None:
    asked = {
        "format": "jsonl",
        "method": "fifo",
        "first": "2026-01-01",
        "last": "2026-01-01",
        "wallet": desk.bob.label,
    }
    answer = signed_in("viewer").post("/admin/profit/download/", asked)
    (line,) = body(answer).decode().splitlines()
    assert json.loads(line)["account"] == "airdrop"
