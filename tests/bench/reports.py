"""What a report costs when a thousand entries are in the books, and when a million are.

`python -m tests.bench.reports`, on PostgreSQL; it takes some minutes.
"""

import json
import os
import time
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.db import connection  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from analytics.models import LedgerEntry  # noqa: E402
from analytics.reports.ask import MOST_ENTRIES, Ask  # noqa: E402
from analytics.reports.forms import forms  # noqa: E402
from analytics.reports.gathering import gather  # noqa: E402
from analytics.reports.periods import period_of  # noqa: E402
from analytics.reports.sections.returns import returns_section  # noqa: E402
from tests.analytics.reports.days import DAY, NOW, Books  # noqa: E402
from tests.bench.many import DAYS, copy  # noqa: E402
from tests.scratch import migrate  # noqa: E402

TRANSACTIONS = int(os.environ.get("BENCH_REPORT_TRANSACTIONS", "500000"))
EACH = 50_000


def main() -> None:
    """The same report with few and with many behind it."""
    migrate()
    books = Books.open()
    for hour in range(24 * DAYS):
        books.price(DAY + timedelta(hours=23 - hour))
    books.move(DAY + timedelta(hours=23, minutes=59), "in", 10_000_000)
    found = {}
    copy(1, 500)
    found["1000"] = measure()
    for first in range(501, TRANSACTIONS, EACH):
        copy(first, first + EACH - 1)
    found[f"{2 * TRANSACTIONS}"] = measure()
    print(json.dumps(found, indent=2))  # noqa: T201


def measure() -> dict[str, object]:
    """Seconds and questions of each kind, and the entries there are."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    said: dict[str, object] = {"entries": LedgerEntry.objects.count()}
    for kind in ("daily", "weekly"):
        begun = time.perf_counter()
        with CaptureQueriesContext(connection) as asked:
            document = gather(period_of(kind, DAY.date(), NOW), NOW, most_entries=MOST_ENTRIES)
        said[f"{kind}_seconds"] = round(time.perf_counter() - begun, 2)
        said[f"{kind}_questions"] = len(asked)
        begun = time.perf_counter()
        returns_section(Ask(period_of(kind, DAY.date(), NOW), NOW))
        said[f"{kind}_of_which_returns"] = round(time.perf_counter() - begun, 2)
        slowest = max(asked.captured_queries, key=lambda one: float(one["time"]))
        said[f"{kind}_slowest"] = (slowest["time"], slowest["sql"][:200])
        begun = time.perf_counter()
        sizes = {name: len(form.render(document)) for name, form in forms().items()}
        said[f"{kind}_rendering"] = (round(time.perf_counter() - begun, 2), sizes)
    return said


if __name__ == "__main__":
    main()
