"""How much of the day's and the hour's limits is taken now."""

from collections.abc import Iterable
from datetime import UTC

from django.db.models import Q
from django.utils import timezone

from wallets.amounts import SumAmount
from wallets.models import Limit, SpendReservation

# What each share (a wallet's address, an action, or all: empty) has taken.
Shares = dict[str, int]


def used_now(limits: Iterable[Limit]) -> dict[int, Shares]:
    """By limit and share, what is spent or held back on this day, of an hour's limit this hour."""
    now = timezone.now().astimezone(UTC)
    taken = SpendReservation.objects.filter(
        Q(hour=None) | Q(hour=now.hour),
        limit__in=[limit.pk for limit in limits],
        day=now.date(),
        released_at=None,
    )
    found: dict[int, Shares] = {}
    rows = taken.order_by().values_list("limit", "share").annotate(total=SumAmount("amount"))
    for limit, share, total in rows:
        found.setdefault(limit, {})[share] = total
    return found
