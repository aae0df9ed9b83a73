"""Count what has ended for good, with the fees it paid; never taken back by a reorganisation."""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR, localcontext

from wallets import tallies
from wallets.amounts import DIGITS
from wallets.models import Network, Price, Receipt, Token, Transaction
from wallets.prices import known_prices, worth
from wallets.transactions.states import TransactionState as S

TRANSACTIONS = "transactions"
FEES_NATIVE = "fees_native"
# In 10^-18 US dollars, each fee rounded down.
FEES_USD = "fees_usd"
FEES_UNPRICED = "fees_unpriced"
USD_DECIMALS = 18


def count_ended(rows: Sequence[Transaction]) -> None:
    """Count transactions that have just come to an end; in the database transaction that did it.

    A fee's dollars are at the price known now; without one the fee is counted as unpriced.
    """
    if not rows:
        return
    networks = Network.objects.filter(pk__in={row.network_id for row in rows})
    slugs = dict(networks.order_by().values_list("pk", "slug"))
    counts: Counter[tallies.Key] = Counter()
    for row in rows:
        outcome = row.outcome if row.state == S.FINAL else row.state
        labels = {"network": slugs[row.network_id], "protocol": row.protocol}
        counts[tallies.key(TRANSACTIONS, labels | {"outcome": outcome})] += 1
    counts.update(_fees([row for row in rows if row.state == S.FINAL], slugs))
    tallies.add_all(counts)


def _fees(rows: Sequence[Transaction], slugs: dict[int, str]) -> Counter[tallies.Key]:
    counts: Counter[tallies.Key] = Counter()
    if not rows:
        return counts
    by_pk = {row.pk: row for row in rows}
    receipts = Receipt.objects.filter(transaction__in=by_pk, canonical=True).order_by()
    coins = {coin.network_id: coin for coin in Token.objects.filter(address="", network__in=slugs)}
    prices = known_prices(coins.values())
    for pk, fee in receipts.values_list("transaction", "fee"):
        row = by_pk[pk]
        labels = {"network": slugs[row.network_id], "protocol": row.protocol}
        counts[tallies.key(FEES_NATIVE, labels)] += fee
        dollars = _dollars(fee, coins.get(row.network_id), prices)
        if dollars is None:
            counts[tallies.key(FEES_UNPRICED, labels)] += 1
        else:
            counts[tallies.key(FEES_USD, labels)] += dollars
    return counts


def _dollars(fee: int, coin: Token | None, prices: Mapping[int, Price]) -> int | None:
    found = worth(fee, coin, prices.get(coin.pk)) if coin else None
    if found is None:
        return None
    with localcontext(prec=2 * DIGITS):
        return int(found.scaleb(USD_DECIMALS).to_integral_value(rounding=ROUND_FLOOR))
