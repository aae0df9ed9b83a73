"""A backup and a restore beside pg_dump -Fc and pg_restore of the same server and rows.

`python -m tests.bench.backups`; BENCH_BACKUP_TRANSACTIONS for another size than a million. Beside
dumpdata and loaddata at 20,000 rows as well, which a million would keep for hours.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from airdrops_site.backup.bringing_back import restore  # noqa: E402
from airdrops_site.backup.checking import check  # noqa: E402
from airdrops_site.backup.making import make_backup  # noqa: E402
from airdrops_site.backup.places import forget_old  # noqa: E402
from tests.airdrops_site.backups import make_state  # noqa: E402
from tests.postgres import binaries  # noqa: E402
from tests.scratch import make_folder, migrate  # noqa: E402
from wallets.models import Transaction  # noqa: E402

TRANSACTIONS = int(os.environ.get("BENCH_BACKUP_TRANSACTIONS", "1000000"))
SMALL = min(20_000, TRANSACTIONS)
HISTORY = 4
PASSPHRASE = "a passphrase of the bench"
_NEW = {"uuid": "gen_random_uuid()", "idempotency_key": "'copy:' || n"}


def main() -> None:
    """Print seconds, bytes and ratios."""
    folder = make_folder("backups")
    migrate()
    make_state()
    _grow(2, SMALL)
    told: dict[str, object] = {"at_small": _beside_django(folder)}
    _grow(SMALL + 1, TRANSACTIONS)
    told |= {"transactions": Transaction.objects.count()} | _beside_postgres(folder)
    told["peak_megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(json.dumps(told, indent=2) + "\n")


def _beside_postgres(folder: Path) -> dict[str, object]:
    programs, url = binaries(18), os.environ["DATABASE_URL"]
    dump = folder / "dump"
    theirs = _seconds(lambda: _run(programs / "pg_dump", "-Fc", "-f", dump, "-d", url))
    ours, made = _backup(folder)
    check_seconds = _seconds(lambda: check(made, PASSPHRASE))
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE beside")
    target = url.replace("/postgres?", "/beside?")
    pg_restore = _seconds(lambda: _run(programs / "pg_restore", "-d", target, dump))
    back = _seconds(lambda: restore(made, PASSPHRASE, by="bench", say=_quiet))
    forget_old()
    return {
        "pg_dump_seconds": theirs,
        "backup_seconds": ours,
        "backup_ratio": ours / theirs,
        "verification_seconds": check_seconds,
        "pg_restore_seconds": pg_restore,
        "restore_seconds": back,
        "restore_ratio_without_verification": (back - check_seconds) / pg_restore,
        "pg_dump_bytes": dump.stat().st_size,
        "backup_bytes": made.stat().st_size,
    }


def _beside_django(folder: Path) -> dict[str, object]:
    fixture = folder / "fixture.json"
    wanted = ("wallets", "protocols", "scheduling", "analytics")
    dumped = _seconds(lambda: call_command("dumpdata", *wanted, output=str(fixture), verbosity=0))
    ours, made = _backup(folder / "small")
    back = _seconds(lambda: restore(made, PASSPHRASE, by="bench", say=_quiet))
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE wallets_transaction CASCADE")
        cursor.execute("DROP TRIGGER IF EXISTS wallets_transition_no_update ON wallets_transition")
    loaded = _seconds(lambda: call_command("loaddata", str(fixture), verbosity=0))
    return {
        "dumpdata_ratio": dumped / ours,
        "loaddata_ratio": loaded / back,
        "dumpdata_seconds": dumped,
        "loaddata_seconds": loaded,
        "backup_seconds": ours,
        "restore_seconds": back,
    }


def _backup(folder: Path) -> tuple[float, Path]:
    begun = time.monotonic()
    made = make_backup(to=str(folder), passphrase=PASSPHRASE, by="bench", say=_quiet)
    return time.monotonic() - begun, Path(made.location)


def _grow(first: int, last: int) -> None:
    """Copies of the one transaction, each with a history."""
    row = Transaction.objects.order_by("pk").first()
    assert row is not None
    names = [str(one.column) for one in Transaction._meta.concrete_fields if one.column != "id"]
    columns = ", ".join(f'"{name}"' for name in names)
    copies = ", ".join(_NEW.get(name, f'"{name}"') for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO wallets_transaction ({columns}) SELECT {copies} "
            "FROM wallets_transaction, generate_series(%s, %s) AS n WHERE id = %s",
            [first, last, row.pk],
        )
        cursor.execute(
            "INSERT INTO wallets_transition (subject, subject_id, from_state, to_state, reason, "
            "actor, at) SELECT 'transaction', n, 'queued', 'signed', '', 'bench', now() "
            "FROM generate_series(%s, %s) AS n, generate_series(1, %s)",
            [first, last, HISTORY],
        )


def _seconds(work: Callable[[], object]) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def _run(*words: str | Path) -> None:
    subprocess.run([str(one) for one in words], check=True)


def _quiet(_what: str) -> None:
    """No progress: it is measured."""


if __name__ == "__main__":
    main()
