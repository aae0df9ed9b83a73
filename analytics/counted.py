"""Which balances are in what all is worth, and since when."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from analytics.items import Gap, Item
from analytics.models import CountedBalance
from wallets.models import Balance

Cell = tuple[int, int]  # wallet and token
_ROWS_AT_ONCE = 500


def passing(found: Iterable[Item | Gap], seen: list[Balance]) -> Iterator[Item | Gap]:
    """All of it as it comes; the balances that were in no sum before are kept in `seen`."""
    known = set(CountedBalance.objects.order_by().values_list("wallet", "token").iterator(2000))
    for one in found:
        row = one.balance if isinstance(one, Item) else None
        if row is not None and (row.wallet_id, row.token_id) not in known:
            seen.append(row)
        yield one


def begin(rows: Iterable[Balance], moment: datetime) -> None:
    """They are counted from now on; what the books have behind their block comes on top."""
    CountedBalance.objects.bulk_create(
        (
            CountedBalance(
                wallet_id=row.wallet_id,
                token_id=row.token_id,
                at=moment,
                block_number=row.snapshot.block_number,
                amount=row.amount or 0,
            )
            for row in rows
        ),
        batch_size=_ROWS_AT_ONCE,
        ignore_conflicts=True,
    )


def begun_behind(after: datetime) -> dict[Cell, CountedBalance]:
    """Those of which a part of the time after this was not counted."""
    rows = CountedBalance.objects.filter(at__gt=after).order_by("at", "pk")
    return {(row.wallet_id, row.token_id): row for row in rows.select_related("token__network")}
