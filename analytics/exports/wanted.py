"""Which entries an export is of, and who is who in them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet

from analytics.basis.entries import Entry, read_entries
from analytics.basis.lots import Method
from analytics.models import Campaign, LedgerEntry
from analytics.selectors import valid_entries
from scheduling.models import Task
from wallets.models import Wallet


@dataclass(frozen=True, slots=True)
class Wanted:
    """From a moment on, before another, of some wallets: empty for all."""

    start: datetime | None = None
    end: datetime | None = None
    wallets: tuple[int, ...] = ()
    method: Method = "fifo"

    def rows(self) -> QuerySet[LedgerEntry]:
        """The entries that count."""
        rows = valid_entries()
        if self.wallets:
            rows = rows.filter(wallet__in=self.wallets)
        if self.start is not None:
            rows = rows.filter(occurred_at__gte=self.start)
        return rows if self.end is None else rows.filter(occurred_at__lt=self.end)

    def entries(self) -> Iterator[Entry]:
        """The same as they are read, by time."""
        return read_entries(self.rows())

    def holds(self, entry: Entry) -> bool:
        """Whether an entry is among them."""
        return (
            (not self.wallets or entry.wallet in self.wallets)
            and (self.start is None or entry.at >= self.start)
            and (self.end is None or entry.at < self.end)
        )


class _Wallets(dict[int, tuple[str, str]]):
    """Label and address; one that was made while the file is written is asked for."""

    def __missing__(self, pk: int) -> tuple[str, str]:
        found = Wallet.objects.values_list("label", "address").get(pk=pk)
        self[pk] = found
        return found


def _wallets() -> dict[int, tuple[str, str]]:
    rows = Wallet.objects.values_list("pk", "label", "address")
    return _Wallets({pk: (label, address) for pk, label, address in rows})


@dataclass(frozen=True, slots=True)
class Names:
    """Labels and addresses of wallets, slugs of campaigns, names of tasks."""

    wallets: Mapping[int, tuple[str, str]] = field(default_factory=_wallets)
    campaigns: Mapping[int, str] = field(
        default_factory=lambda: dict(Campaign.objects.values_list("pk", "slug"))
    )
    tasks: Mapping[int, str] = field(
        default_factory=lambda: dict(Task.objects.values_list("pk", "name"))
    )
