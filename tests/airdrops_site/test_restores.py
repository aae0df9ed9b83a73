"""One seeded restore in this process; tests/faults/restores.py plays real hosts and archives."""

from pathlib import Path

import pytest

from tests.faults.restores_inside import play

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.db]


def test_a_restored_backup_does_nothing_twice_and_loses_nothing(keystores: Path) -> None:
    found = play(1, keystores)
    assert (found["duplicates"], found["lost"], found["violations"]) == (0, 0, [])
    # Something was done after the backup, and found.
    assert found["kinds"]["adopted"]
    assert found["executed"] == found["asked"]
