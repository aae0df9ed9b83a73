"""What a script is told when the database cannot take what a command writes."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from airdrops_site.backup.standing import standing_at
from airdrops_site.scripted import ScriptedCommand
from tests.airdrops_site.backups import scratch_sqlite

pytestmark = [pytest.mark.django_db, pytest.mark.db]


def test_a_full_disk_is_named_and_so_is_the_stop_that_needs_none(tmp_path: Path) -> None:
    class Writing(ScriptedCommand):
        def do(self, _options: dict[str, Any]) -> None:
            with standing_at(scratch_sqlite(tmp_path)) as there, there.cursor() as cursor:
                # SQLite says the same of a file that may not grow as of a disk that is full.
                cursor.execute("PRAGMA max_page_count = 1")
                cursor.execute("CREATE TABLE one (number integer)")

    with pytest.raises(CommandError, match=r"disk of the database is full.*stop file") as refused:
        Writing().handle()
    assert refused.value.returncode == 2
