"""What every section of a report is asked."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet

from analytics.models import Campaign, LedgerEntry
from analytics.reports.periods import Period
from analytics.selectors import valid_entries

# A worker has a minute for all of a report: entry by entry it reads some thousand a second.
MOST_ENTRIES = 100_000
TOO_LONG = (
    "the books are too long for a worker to read them entry by entry; `manage.py report` and "
    "`manage.py ledger roi` do"
)
# More rows of a table are counted, not told: a report is read by a person.
TOLD = 20


@dataclass(slots=True)
class Ask:
    """The time it is about, and what was found unknown on the way."""

    period: Period
    now: datetime
    # How many entries are read one by one; None for as many as there are.
    most_entries: int | None = None
    unpriced: dict[str, None] = field(default_factory=dict)

    @property
    def start(self) -> datetime:
        """From when on."""
        return self.period.start

    @property
    def until(self) -> datetime:
        """Up to when; now for a time that is not over."""
        return self.period.until(self.now)

    @property
    def campaign(self) -> Campaign:
        """Whose report it is."""
        if self.period.campaign is None:
            raise ValueError("this is no report of a campaign")
        return self.period.campaign

    def entries(self, start: datetime | None = None) -> QuerySet[LedgerEntry]:
        """The books of the time; from an earlier moment where one is given."""
        begins = self.start if start is None else start
        return valid_entries().filter(occurred_at__gte=begins, occurred_at__lt=self.until)

    def is_too_long(self, rows: QuerySet[LedgerEntry]) -> bool:
        """Whether so many cannot be read one by one in the time there is."""
        if self.most_entries is None:
            return False
        return rows.order_by().values("pk")[: self.most_entries + 1].count() > self.most_entries

    def note_unpriced(self, problems: Iterable[str]) -> None:
        """Each once, in the report's list of unknown prices."""
        self.unpriced.update(dict.fromkeys(problems))
