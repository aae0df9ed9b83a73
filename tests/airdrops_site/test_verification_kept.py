"""A verification that could not even begin is told like one that failed."""

from pathlib import Path

import pytest
from django.core.management import CommandError
from django.utils import timezone

from airdrops_site.models import Operation
from airdrops_site.operations import Kind, Outcome
from airdrops_site.upkeep.running import run
from airdrops_site.upkeep.works import BY_NAME

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_a_backup_that_is_gone_is_a_failed_verification(tmp_path: Path) -> None:
    now = timezone.now()
    Operation.objects.create(
        kind=Kind.BACKUP,
        outcome=Outcome.SUCCEEDED,
        started_at=now,
        ended_at=now,
        pid=1,
        location=str(tmp_path / "gone.airdrops"),
    )
    with pytest.raises(CommandError):
        run(BY_NAME[Kind.BACKUP_VERIFICATION.value], by="ann")
    row = Operation.objects.get(kind=Kind.BACKUP_VERIFICATION)
    assert (row.outcome, row.by) == (Outcome.FAILED, "ann")
    assert "gone.airdrops" in row.location
