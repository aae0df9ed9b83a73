"""The ground everything stands on: both databases keep amounts, bytes and history as written."""

import pytest
from django.core.management.sql import emit_post_migrate_signal
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from tests import factories
from wallets.amounts import MAX_UINT256, SumAmount
from wallets.models import Limit, Transition
from wallets.triggers import archive_door

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_amounts_are_exact_up_to_uint256() -> None:
    Limit.objects.create(kind="max_value", scope_kind="everything", amount=MAX_UINT256 - 1)
    assert Limit.objects.get().amount == MAX_UINT256 - 1


def test_amounts_compare_as_numbers_in_the_database() -> None:
    for amount in (9, 10**30):
        Limit.objects.create(
            kind="max_value", scope_kind="wallet", scope_value=str(amount), amount=amount
        )
    assert Limit.objects.filter(amount__gt=10).count() == 1
    assert [limit.amount for limit in Limit.objects.order_by("amount")] == [9, 10**30]


def test_sums_of_amounts_are_exact() -> None:
    for name in ("a", "b"):
        Limit.objects.create(
            kind="max_value", scope_kind="wallet", scope_value=name, amount=10**30 + 1
        )
    assert Limit.objects.aggregate(total=SumAmount("amount"))["total"] == 2 * 10**30 + 2


def a_change() -> Transition:
    """A line of history."""
    return Transition.objects.create(
        subject="run", subject_id=1, to_state="pending", actor="test", at=timezone.now()
    )


def test_history_can_not_be_changed() -> None:
    row = a_change()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Transition.objects.filter(pk=row.pk).update(to_state="succeeded")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Transition.objects.filter(pk=row.pk).delete()


@pytest.mark.postgresql
@pytest.mark.parametrize("table", ["wallets_transition", "wallets_transaction"])
def test_frozen_tables_are_not_truncated_even_by_their_owner(table: str) -> None:
    with connection.cursor() as cursor:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute(f"TRUNCATE {table} CASCADE")
        with archive_door():
            cursor.execute(f"TRUNCATE {table} CASCADE")


def test_the_archive_door_closes_behind_whoever_went_through() -> None:
    row = a_change()
    with archive_door():
        Transition.objects.filter(pk=row.pk).delete()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Transition.objects.filter(pk=a_change().pk).delete()


def test_triggers_that_a_migration_lost_come_back() -> None:
    with archive_door(), connection.cursor() as cursor:
        on_table = " ON wallets_attempt" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER IF EXISTS wallets_attempt_no_delete{on_table}")
    attempt = factories.AttemptFactory.create()
    emit_post_migrate_signal(0, False, "default")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        attempt.delete()


def test_the_database_under_test_is_the_one_asked_for() -> None:
    assert connection.vendor in ("postgresql", "sqlite")
