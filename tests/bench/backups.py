"""A backup and a restore beside pg_dump -Fc and pg_restore of the same server and rows.

`python -m tests.bench.backups`; BENCH_BACKUP_TRANSACTIONS for another size than a million. pg_dump
is measured as it comes (gzip 6) and with -Z1, which is how hard we compress. dumpdata and loaddata
would keep a million for hours: they have a part of it (BENCH_BACKUP_PART transactions), and are
compared by the row. What is compared with PostgreSQL runs in a process of its own, whose peak of
memory is told.
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
from django.db import connection, transaction  # noqa: E402

from airdrops_site.backup.bringing_back import restore  # noqa: E402
from airdrops_site.backup.checking import check  # noqa: E402
from airdrops_site.backup.engines import counts  # noqa: E402
from airdrops_site.backup.making import make_backup  # noqa: E402
from airdrops_site.backup.places import forget_old  # noqa: E402
from airdrops_site.backup.tables import kept_models  # noqa: E402
from tests.airdrops_site.backups import make_state  # noqa: E402
from tests.postgres import binaries  # noqa: E402
from tests.scratch import make_folder, migrate  # noqa: E402
from wallets.models import Transaction  # noqa: E402
from wallets.triggers import archive_door  # noqa: E402

TRANSACTIONS = int(os.environ.get("BENCH_BACKUP_TRANSACTIONS", "1000000"))
PART = min(int(os.environ.get("BENCH_BACKUP_PART", "500")), TRANSACTIONS)
HISTORY = 4
AT_ONCE = 100_000
type Figures = dict[str, float]
PASSPHRASE = "a passphrase of the bench"
_NEW = {
    "uuid": "gen_random_uuid()",
    "idempotency_key": "'copy:' || n",
    # A call with three words that no two share: what is the same in all compresses to nothing.
    "data": "decode(repeat('00', 4) || md5(n::text) || md5('a' || n) || md5('b' || n) || "
    "md5('c' || n) || md5('d' || n) || md5('e' || n), 'hex')",
}


def main() -> None:
    """Print seconds, bytes, megabytes and ratios."""
    if alone := sys.argv[1:]:
        work: dict[str, Callable[..., Figures]]
        work = {"part": _beside_django, "backup": _backup_alone, "restore": _restore_alone}
        sys.stdout.write(json.dumps(work[alone[0]](*alone[1:])))
        return
    by_the_row = _alone("part")
    _say("dumpdata and loaddata are measured; adding rows")
    _grow(PART + 1, TRANSACTIONS)
    _say(f"{TRANSACTIONS} transactions are there")
    told = _beside_postgres(make_folder("backups"))
    told |= _ratios(told, by_the_row)
    sys.stdout.write(json.dumps(told, indent=2) + "\n")


def _beside_postgres(folder: Path) -> Figures:
    programs, url = binaries(18), os.environ["DATABASE_URL"]
    rows = _rows()
    with connection.cursor() as cursor:
        # Once, so that whoever is measured first does not pay for it.
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
    dump = folder / "dump"
    dumping = (programs / "pg_dump", "-Fc", "-f", dump, "-d", url)
    _say("pg_dump and the backup")
    at_1 = _seconds(lambda: _run(*dumping, "-Z1"))
    ours = _alone("backup", folder)
    made = next(folder.glob("airdrops-*.age"))
    theirs = _seconds(lambda: _run(*dumping))
    check_seconds = _seconds(lambda: check(made, PASSPHRASE))
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE beside")
    _say("pg_restore and the restore")
    target = url.replace("/postgres?", "/beside?")
    pg_restore = _seconds(lambda: _run(programs / "pg_restore", "-d", target, dump))
    connection.close()  # a restore goes on only where nobody else is
    back = _alone("restore", made)
    return {
        "transactions": TRANSACTIONS,
        "rows": rows,
        "pg_dump_seconds": theirs,
        "pg_dump_z1_seconds": at_1,
        "backup_seconds": ours["seconds"],
        "verification_seconds": check_seconds,
        "pg_restore_seconds": pg_restore,
        "restore_seconds": back["seconds"],
        "pg_dump_bytes": dump.stat().st_size,
        "backup_bytes": made.stat().st_size,
        "megabytes_at_rest": ours["megabytes_before"],
        "backup_megabytes": ours["megabytes"],
        "restore_megabytes": back["megabytes"],
    }


def _alone(*words: str | Path) -> Figures:
    command = [sys.executable, "-m", "tests.bench.backups", *map(str, words)]
    told: Figures = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return told


def _backup_alone(folder: str) -> Figures:
    before = _peak_megabytes()
    seconds, _ = _backup(Path(folder))
    return {"seconds": seconds, "megabytes_before": before, "megabytes": _peak_megabytes()}


def _restore_alone(made: str) -> Figures:
    seconds = _seconds(lambda: restore(Path(made), PASSPHRASE, by="bench", say=_quiet))
    megabytes = _peak_megabytes()
    forget_old()
    return {"seconds": seconds, "megabytes": megabytes}


def _beside_django() -> Figures:
    folder = make_folder("part")
    migrate()
    make_state()
    _grow(2, PART)
    fixture = folder / "fixture.json"
    wanted = ("wallets", "protocols", "scheduling", "analytics")
    rows = _rows()
    dumped = _seconds(lambda: call_command("dumpdata", *wanted, output=str(fixture), verbosity=0))
    _, made = _backup(folder / "part")
    _empty(wanted)
    loaded = _seconds(lambda: call_command("loaddata", str(fixture), verbosity=0))
    # What loaddata brought back lacks what it cannot see; go on from our own.
    restore(made, PASSPHRASE, by="bench", say=_quiet)
    forget_old()
    return {"part_rows": rows, "dumpdata_seconds": dumped, "loaddata_seconds": loaded}


def _ratios(full: Figures, part: Figures) -> Figures:
    by_row = full["rows"] / part["part_rows"]
    allowed = full["pg_restore_seconds"] + full["verification_seconds"]
    return part | {
        "backup_by_pg_dump": full["backup_seconds"] / full["pg_dump_seconds"],
        "backup_by_pg_dump_z1": full["backup_seconds"] / full["pg_dump_z1_seconds"],
        "restore_by_pg_restore_and_verification": full["restore_seconds"] / allowed,
        "dumpdata_by_backup_per_row": part["dumpdata_seconds"] * by_row / full["backup_seconds"],
        "loaddata_by_restore_per_row": part["loaddata_seconds"] * by_row / full["restore_seconds"],
    }


def _rows() -> int:
    return sum(counts(kept_models()).values())


def _empty(apps: tuple[str, ...]) -> None:
    """As loaddata needs it: its rows would be there already, and nothing may be changed."""
    tables = [one._meta.db_table for one in kept_models() if one._meta.app_label in apps]
    with archive_door(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")


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
    for start in range(first, last + 1, AT_ONCE):
        span = [start, min(start + AT_ONCE - 1, last)]
        with transaction.atomic(), connection.cursor() as cursor:
            # Their keys are those of the one: nothing is to be looked up.
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(
                f"INSERT INTO wallets_transaction ({columns}) SELECT {copies} "
                "FROM wallets_transaction, generate_series(%s, %s) AS n WHERE id = %s",
                [*span, row.pk],
            )
            cursor.execute(
                "INSERT INTO wallets_transition (subject, subject_id, from_state, to_state, "
                "reason, actor, at) "
                "SELECT 'transaction', n, 'queued', 'signed', '', 'bench', now() "
                "FROM generate_series(%s, %s) AS n, generate_series(1, %s)",
                [*span, HISTORY],
            )


def _seconds(work: Callable[[], object]) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def _run(*words: str | Path) -> None:
    subprocess.run([str(one) for one in words], check=True)


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _say(what: str) -> None:
    sys.stderr.write(f"{what}\n")


def _quiet(_what: str) -> None:
    """No progress: it is measured."""


if __name__ == "__main__":
    main()
