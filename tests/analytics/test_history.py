"""The history is read to its end once, and no line is missed, in whatever order lines appear."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import pytest
from django.db import connection
from django.db import transaction as database
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from analytics import booking, history
from analytics.ledger import book_transaction
from analytics.models import LedgerCursor, LedgerEntry, Unbooked
from analytics.selectors import unbooked_transactions
from tests.analytics.told import Ground, confirm, finalise, into, reorganise, settle
from wallets import wakeups
from wallets.models import Token, Transaction, Transition

pytestmark = [pytest.mark.django_db, pytest.mark.db]
NEW = "0x" + "bb" * 20


def is_due(name: str = "ledger") -> bool:
    """Whether the pulse would ask for the work."""
    return any(found.name == name and list(found.due()) for found in wakeups.registered())


def line(pk: int | None = None) -> Transition:
    """A line of the history that does not concern the books."""
    return Transition.objects.create(
        pk=pk, subject="run", subject_id=1, to_state="running", actor="test", at=timezone.now()
    )


def read_to_the_end() -> list[int]:
    """The ids of all lines not read before."""
    reading = history.read("test")
    assert history.keep(reading)
    return [found.pk for found in reading.lines]


def test_what_is_confirmed_is_booked_by_the_next_pass(ground: Ground) -> None:
    row = ground.transaction(value=5)
    confirm(row)
    assert is_due()
    booking.book_ledger()
    assert LedgerEntry.objects.filter(transaction=row).count() == 2
    assert not is_due()


def test_what_is_settled_later_is_booked_later(ground: Ground) -> None:
    row = ground.transaction()
    step = ground.step(row)
    confirm(row)
    booking.book_ledger()
    settle(step, into(7))
    booking.book_ledger()
    assert LedgerEntry.objects.get(transaction=row, kind="in").amount == 7


def test_what_is_undone_is_reversed_by_the_next_pass(ground: Ground) -> None:
    row = ground.transaction(value=5)
    confirm(row)
    booking.book_ledger()
    reorganise(row)
    booking.book_ledger()
    statuses = LedgerEntry.objects.filter(transaction=row).values_list("status", flat=True)
    assert set(statuses) == {"reversed"}


def test_a_pass_with_nothing_new_costs_at_most_three_queries(
    ground: Ground, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    confirm(ground.transaction(value=5))
    booking.book_ledger()
    with django_assert_max_num_queries(3):
        booking.book_ledger()


def test_asking_whether_it_is_due_costs_one_query(
    ground: Ground, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    confirm(ground.transaction())
    booking.book_ledger()
    LedgerCursor.objects.update(gaps=[])
    with django_assert_num_queries(1):
        assert not is_due()


def test_a_history_longer_than_a_batch_is_booked_in_one_job(ground: Ground) -> None:
    first, last = ground.transaction(), ground.transaction()
    confirm(first)
    for _ in range(history.BATCH):
        line()
    confirm(last)
    booking.book_ledger()
    assert LedgerEntry.objects.filter(transaction__in=(first, last)).count() == 2


def test_a_pass_that_died_before_it_kept_its_place_is_done_again(ground: Ground) -> None:
    row = ground.transaction()
    confirm(row)
    history.read(history.LEDGER)
    booking.book_ledger()
    assert LedgerEntry.objects.filter(transaction=row).count() == 1


def test_of_two_processes_that_read_the_same_only_one_moves_the_cursor() -> None:
    line(7)
    first, second = history.read("test"), history.read("test")
    assert (history.keep(first), history.keep(second)) == (True, False)


def test_a_line_that_appears_below_the_cursor_is_read_once() -> None:
    line(7)
    assert read_to_the_end() == [7]
    line(3)
    line(5)
    assert history.has_news("test")
    assert read_to_the_end() == [3, 5]
    assert not history.has_news("test")
    assert read_to_the_end() == []


def test_lines_missing_for_longer_than_any_database_transaction_are_given_up() -> None:
    line(7)
    read_to_the_end()
    cursor = LedgerCursor.objects.get()
    longer = timezone.now() - history.GIVEN_UP_AFTER
    LedgerCursor.objects.update(gaps=[[1, 6, longer.isoformat()]])
    assert cursor.gaps != []
    read_to_the_end()
    assert LedgerCursor.objects.get().gaps == []


def test_a_line_that_appears_just_before_it_would_be_given_up_is_read() -> None:
    line(7)
    read_to_the_end()
    longer = timezone.now() - history.GIVEN_UP_AFTER
    LedgerCursor.objects.update(gaps=[[1, 6, longer.isoformat()]])
    line(6)
    assert read_to_the_end() == [6]


def test_catching_up_does_not_wait_for_what_is_written_meanwhile(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(booking, "CATCH_UP_SECONDS", 5)
    row = ground.transaction(value=5)
    confirm(row)
    own = booking.record_own

    def busy() -> None:
        own()
        line()

    monkeypatch.setattr(booking, "record_own", busy)
    assert booking.catch_up()
    assert LedgerEntry.objects.filter(transaction=row).exists()
    assert is_due()


def test_what_cannot_be_booked_waits_is_counted_and_tried_again(ground: Ground) -> None:
    row = ground.transaction()
    step = ground.step(row)
    confirm(row)
    settle(step, into(7, NEW))
    booking.book_ledger()
    assert "add it under Tokens" in Unbooked.objects.get(transaction=row).reason
    assert (unbooked_transactions(), is_due("unbooked")) == (1, False)
    Token.objects.create(network=ground.network, symbol="NEW", address=NEW)
    Unbooked.objects.update(retry_at=timezone.now())
    assert is_due("unbooked")
    booking.book_unbooked()
    assert LedgerEntry.objects.filter(transaction=row, kind="in").exists()
    assert unbooked_transactions() == 0


def test_what_cannot_be_booked_holds_nothing_else_up(ground: Ground) -> None:
    stuck, fine = ground.transaction(), ground.transaction()
    step = ground.step(stuck)
    confirm(stuck)
    settle(step, into(7, NEW))
    confirm(fine)
    booking.book_ledger()
    assert LedgerEntry.objects.filter(transaction=fine).exists()
    assert not is_due()


def test_confirmed_transactions_not_read_yet_are_counted_once(ground: Ground) -> None:
    row = ground.transaction()
    ground.transaction()
    confirm(row)
    finalise(row)
    assert unbooked_transactions() == 1
    booking.book_ledger()
    assert unbooked_transactions() == 0


@contextmanager
def confirming_slowly(row: Transaction) -> Iterator[None]:
    """Another process confirms the row, and commits only at the end of the block."""
    written, may_commit = Event(), Event()

    def confirm_and_wait() -> None:
        try:
            with database.atomic():
                confirm(row)
                written.set()
                assert may_commit.wait(20)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as executor:
        future = executor.submit(confirm_and_wait)
        assert written.wait(20)
        try:
            yield
        finally:
            may_commit.set()
            future.result(20)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_lower_line_committed_after_a_higher_one_was_read_is_booked(ground: Ground) -> None:
    slow, quick = ground.transaction(), ground.transaction()
    with confirming_slowly(slow):
        confirm(quick)
        booking.book_ledger()
        assert not LedgerEntry.objects.filter(transaction=slow).exists()
    assert LedgerEntry.objects.filter(transaction=quick).exists()
    lines = Transition.objects.filter(subject="transaction", to_state="confirmed").order_by("pk")
    assert [found.subject_id for found in lines] == [slow.pk, quick.pk]
    assert is_due()
    booking.book_ledger()
    assert LedgerEntry.objects.filter(transaction=slow).exists()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_many_processes_booking_the_same_book_it_once(ground: Ground) -> None:
    rows = [ground.transaction(value=5) for _ in range(4)]
    for row in rows:
        confirm(row)

    def book() -> None:
        try:
            booking.book_ledger()
            for row in rows:
                book_transaction(transaction_id=row.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as executor:
        for future in [executor.submit(book) for _ in range(4)]:
            future.result(30)
    assert LedgerEntry.objects.count() == 2 * len(rows)
