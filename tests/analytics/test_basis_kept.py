"""What is kept of the reckoning says the same as reckoning anew, whatever happens to the books."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from analytics.basis import jobs
from analytics.basis.book import read_book, stored_days, valid_checkpoint
from analytics.basis.refreshing import advance, forget
from analytics.basis.summary import refresh
from analytics.basis.tally import no_days
from analytics.basis.unpriced import PriceFileError, import_prices, unpriced
from analytics.models import BasisCheckpoint, LedgerEntry, ProfitDay
from tests.analytics.written import Desk, book, fee, into, on, out, price
from tests.factories import CampaignFactory

pytestmark = [pytest.mark.django_db, pytest.mark.db]


@pytest.fixture
def desk(db: None) -> Desk:
    """Five days of books."""
    desk = Desk.lay()
    for day in range(5):
        price(desk.eth, day, str(1000 + day))
        book(day, into(desk.alice, desk.eth, "1", "outside"))
        book(day, fee(desk.alice, desk.eth, "0.1"))
    return desk


def anew() -> object:
    """Without what was kept."""
    BasisCheckpoint.objects.all().delete()
    book_ = read_book("fifo")
    return book_.days, book_.state.dump()


def kept() -> object:
    assert valid_checkpoint("fifo")
    book_ = read_book("fifo")
    return book_.days, book_.state.dump()


def test_what_is_kept_in_parts_says_the_same_as_all_at_once(desk: Desk) -> None:
    while not advance("fifo", seconds=0):
        pass
    assert ProfitDay.objects.filter(method="fifo").count() == 5
    assert kept() == anew()


def test_a_late_entry_makes_it_begin_again(desk: Desk) -> None:
    advance("fifo", seconds=9)
    book(1, out(desk.alice, desk.eth, "0.5", "outside"))
    assert valid_checkpoint("fifo") is None
    advance("fifo", seconds=9)
    assert kept() == anew()


def test_a_reversed_entry_makes_it_begin_again(desk: Desk) -> None:
    advance("fifo", seconds=9)
    LedgerEntry.objects.filter(kind="fee").update(status="reversed")
    assert valid_checkpoint("fifo") is None


def test_an_entry_of_another_time_or_cost_makes_it_begin_again(desk: Desk) -> None:
    advance("fifo", seconds=9)
    entry = LedgerEntry.objects.filter(kind="in").order_by("pk")[0]
    for change in ({"occurred_at": on(1) + timedelta(hours=1)}, {"cost_cents": 0}):
        LedgerEntry.objects.filter(pk=entry.pk).update(**change)
        assert valid_checkpoint("fifo") is None
        advance("fifo", seconds=9)
        assert kept() == anew()


def test_what_was_begun_before_a_price_was_supplied_is_not_kept(desk: Desk) -> None:
    """Also what began at the beginning itself."""
    assert not advance("fifo", seconds=9, progress=lambda _: forget(("fifo",)))
    assert not ProfitDay.objects.exists()
    assert valid_checkpoint("fifo") is None


def test_what_is_booked_while_it_reads_is_not_taken_for_read(desk: Desk) -> None:
    late = iter([book])

    def book_late(_until: object) -> None:
        for write in late:
            write(0, into(desk.bob, desk.eth, "3", "outside"))

    advance("fifo", seconds=9, progress=book_late)
    assert valid_checkpoint("fifo") is None
    advance("fifo", seconds=9)
    assert kept() == anew()


def test_it_stops_within_a_day_and_goes_on_there(desk: Desk) -> None:
    for entry in LedgerEntry.objects.order_by("pk")[:6]:
        LedgerEntry.objects.filter(pk=entry.pk).update(
            occurred_at=on(0) + timedelta(hours=entry.pk % 7)
        )
    passes = 1
    while not advance("fifo", seconds=0):
        passes += 1
    assert passes > 6
    assert kept() == anew()


def test_a_price_from_a_file_makes_it_begin_again_and_is_used(desk: Desk) -> None:
    book(2, into(desk.bob, desk.fund, "10", "airdrop"))
    advance("fifo", seconds=9)
    (missing,) = unpriced(read_book("fifo"))
    assert (missing.token, missing.entries) == (desk.fund, 1)
    slug, day = desk.fund.network.slug, f"{missing.day}T00:00:00Z"
    file = StringIO(f"network,token,at,usd\n{slug},{desk.fund.address},{day},2.5\n")
    assert import_prices(file) == 1
    assert stored_days("fifo") == no_days()
    income = read_book("fifo").sums(lambda key: key.wallet)[desk.bob.pk].income
    assert income == 25 * 10**18


def test_a_campaign_that_is_deleted_takes_no_costs_along(desk: Desk) -> None:
    """The fee of a claim names the campaign only by way of the claim."""
    advance("fifo", seconds=9)
    before, campaign = ProfitDay.objects.count(), CampaignFactory.create()
    ProfitDay.objects.update(campaign=campaign)
    campaign.delete()
    assert ProfitDay.objects.filter(campaign=None).count() == before


def test_a_history_of_prices_makes_it_begin_again(desk: Desk, tmp_path: Path) -> None:
    advance("fifo", seconds=9)
    file, network = tmp_path / "prices.csv", desk.eth.network.slug
    file.write_text(f"network,token,time,price\n{network},native,2026-01-02T12:00Z,9\n")
    call_command("prices", "import", str(file))
    assert valid_checkpoint("fifo") is None
    fees = read_book("fifo").sums(lambda key: key.day)[on(1).date()].fees
    assert fees == 9 * 10**17


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nowhere,native,2026-01-01T00:00:00Z,1", "line 2: there is no token native on nowhere"),
        ("{net},0x12,2026-01-01T00:00:00Z,1", "line 2: token: "),
        ("{net},native,yesterday,1", "line 2: at 'yesterday' is no time"),
        ("{net},native,2026-01-01T00:00:00Z,-1", "line 2: usd -1 is not above zero"),
        ("{net},native,2026-01-01T00:00:00Z,1e", "line 2: usd '1e' is no price"),
    ],
)
def test_a_file_of_prices_with_a_bad_line_is_refused_whole(
    desk: Desk, line: str, said: str
) -> None:
    net = desk.eth.network.slug
    text = f"network,token,at,usd\n{line.format(net=net)}\n{net},native,2026-01-02,9\n"
    with pytest.raises(PriceFileError, match=said):
        import_prices(StringIO(text))


def test_the_workers_keep_what_pages_show(desk: Desk) -> None:
    assert list(jobs.due()) == [""]
    jobs.refresh_profit()
    row = BasisCheckpoint.objects.get(pk="average")
    assert row.summary["lines"][0]["fees"] == "501"
    assert row.summary["roi"]["wallet"][0]["key"] == desk.alice.label
    assert list(jobs.due()) == []


def test_a_worker_that_was_second_changes_nothing(desk: Desk) -> None:
    assert refresh("fifo", seconds=9)
    before = list(ProfitDay.objects.values())
    assert refresh("fifo", seconds=9)
    assert list(ProfitDay.objects.values()) == before
