"""How long the wallets' gas money lasts, from what each has spent a day."""

from datetime import datetime

from django.db.models import F

from analytics.models import LedgerEntry
from analytics.reports.ask import Ask
from analytics.reports.forecast import Forecast, doubt, told, too_few
from analytics.reports.periods import DAY
from analytics.reports.priced import Slot
from analytics.reports.sections.fees import DAY_SECONDS
from analytics.reports.statistics import lasts
from wallets.amounts import SumAmount
from wallets.models import Balance

DAYS, LEAST = 30, 14
# Those that run out first; nobody reads a line of each of ten thousand wallets.
MOST = 10
METHOD = "daily fees of its last 30 days, t-interval of their sum"
WHAT = "Days until gas money runs out"

type Key = tuple[int, int]


def runways(ask: Ask) -> list[Forecast]:
    """The wallets whose coin lasts the shortest, as things went."""
    end = ask.until.replace(hour=0, minute=0, second=0, microsecond=0)
    spent = _spent(ask, end)
    if not spent:
        return [too_few(WHAT, 0, LEAST, "days")]
    stock = _stock(spent)
    shortest = sorted(stock, key=lambda key: (stock[key].amount or 0) * 10**9 // spent[key])[:MOST]
    by_day = _by_day(ask, end, shortest)
    return [_runway(stock[key], by_day.get(key, {}), end) for key in shortest]


def _spent(ask: Ask, end: datetime) -> dict[Key, int]:
    """Fees of the last days by wallet and coin, in base units."""
    rows = ask.entries(end - DAYS * DAY).filter(kind=LedgerEntry.Kind.FEE, occurred_at__lt=end)
    sums = rows.values_list("wallet", "token").annotate(total=SumAmount("amount"))
    return {(wallet, token): total for wallet, token, total in sums if total}


def _stock(spent: dict[Key, int]) -> dict[Key, Balance]:
    """What those wallets have, where it is known."""
    coins = {token for _, token in spent}
    rows = Balance.objects.filter(token__in=coins, amount__isnull=False)
    found = rows.order_by().select_related("wallet", "token__network").iterator()
    return {key: row for row in found if (key := (row.wallet_id, row.token_id)) in spent}


def _by_day(ask: Ask, end: datetime, keys: list[Key]) -> dict[Key, dict[int, int]]:
    rows = ask.entries(end - DAYS * DAY).filter(
        kind=LedgerEntry.Kind.FEE,
        occurred_at__lt=end,
        wallet__in={wallet for wallet, _ in keys},
        token__in={token for _, token in keys},
    )
    days = rows.annotate(day=Slot(F("occurred_at"), DAY_SECONDS))
    found: dict[Key, dict[int, int]] = {}
    sums = days.values_list("wallet", "token", "day").annotate(total=SumAmount("amount"))
    for wallet, token, day, total in sums:
        found.setdefault((wallet, token), {})[day] = total
    return found


def _runway(row: Balance, by_day: dict[int, int], end: datetime) -> Forecast:
    """Days without a fee count as nothing spent, from the first day that had one."""
    what = f"{row.wallet.label}: days until its {row.token} runs out"
    last = int(end.timestamp()) // DAY_SECONDS
    spent = [float(by_day.get(day, 0)) for day in range(min(by_day, default=last), last)]
    if len(spent) < LEAST:
        return too_few(what, len(spent), LEAST, "days")
    if (refused := doubt(what, spent)) is not None:
        return refused
    return told(what, lasts(float(row.amount or 0), spent), "days", len(spent), METHOD)
