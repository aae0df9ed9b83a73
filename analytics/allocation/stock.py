"""What wallets have that could be moved, and how much of it moves have taken already."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal, localcontext

from django.db.models import Max

from analytics.allocation.holdings import WALLET, Cell
from analytics.exposure import to_cents
from analytics.items import Places, enabled_networks
from protocols.models import PositionReading
from wallets.amounts import DIGITS, to_decimal
from wallets.models import Balance, GasReading, MinimumBalance, Price, Token, Wallet
from wallets.prices import known_prices, worth

# What a wallet's coin keeps for the fees of what follows.
KEPT_GAS = 2_000_000
SUPPLIED = "supplied"


@dataclass(slots=True)
class Pile:
    """Base units of a token that one wallet has, itself or supplied to a protocol."""

    wallet: Wallet
    token: Token
    amount: int


@dataclass(slots=True)
class Stock:
    """Piles by cell, the largest first; and the prices that they are counted with."""

    piles: dict[Cell, list[Pile]]
    prices: dict[int, Price]
    tokens: Places = field(default_factory=Places)

    @classmethod
    def read(cls, now: datetime) -> "Stock":
        """Of verified wallets on enabled networks."""
        places, piles = Places(), defaultdict(list)
        for cell, pile in (*_balances(places), *_supplied(places)):
            if pile.amount > 0:
                piles[cell].append(pile)
        for found in piles.values():
            found.sort(key=lambda one: (-one.amount, one.wallet.label))
        return cls(dict(piles), known_prices(places.by_pk.values(), now), places)

    def token_called(self, symbol: str, network: str) -> Token | None:
        """The enabled token of a network by its symbol; None where there is none, or several."""
        rows = [
            one
            for one in self.tokens.by_pk.values()
            if one.enabled and one.symbol == symbol and one.network.slug == network
        ]
        return rows[0] if len(rows) == 1 else None

    def worth(self, amount: int, token: Token) -> Decimal | None:
        """US dollars; None where the price is unknown."""
        return worth(amount, token, self.prices.get(token.pk))

    def cents(self, amount: int, token: Token) -> int:
        """US cents rounded down; of an unknown price nothing can be moved."""
        value = self.worth(amount, token)
        return 0 if value is None else to_cents(value, ROUND_FLOOR)

    def units(self, cents: int, token: Token) -> int:
        """Base units that are worth so many cents, to the nearest; 0 where nobody knows."""
        price = self.prices.get(token.pk)
        if price is None:
            return 0
        with localcontext(prec=2 * DIGITS):
            whole = Decimal(cents) / 100 / to_decimal(price.amount, price.decimals)
            return int(whole.scaleb(token.decimals).to_integral_value(ROUND_HALF_EVEN))


def _balances(places: Places) -> Iterator[tuple[Cell, Pile]]:
    kept = _kept_coins()
    rows = Balance.objects.filter(
        amount__isnull=False,
        token__in=[pk for pk, token in places.by_pk.items() if token.enabled],
        wallet__status=Wallet.Status.VERIFIED,
    )
    for row in rows.select_related("wallet").order_by("pk").iterator(900):
        token = places.by_pk[row.token_id]
        free = (row.amount or 0) - kept.get(token.pk, 0)
        cell = Cell(token.symbol, token.network.slug, WALLET)
        yield cell, Pile(row.wallet, token, free)


def _kept_coins() -> dict[int, int]:
    """What no move takes: minimums that somebody set, and gas for what follows."""
    rows = MinimumBalance.objects.filter(enabled=True).order_by().values("token")
    kept: dict[int, int] = dict(rows.annotate(most=Max("amount")).values_list("token", "most"))
    newest = GasReading.objects.filter(network__in=enabled_networks()).order_by("hour")
    prices = dict(newest.values_list("network", "price"))
    for coin in Token.objects.filter(address="", network__in=prices):
        kept[coin.pk] = kept.get(coin.pk, 0) + KEPT_GAS * prices[coin.network_id]
    return kept


def _supplied(places: Places) -> Iterator[tuple[Cell, Pile]]:
    readings = PositionReading.objects.filter(
        network__in=enabled_networks(), wallet__status=Wallet.Status.VERIFIED, whole=True
    )
    for one in readings.select_related("wallet", "network", "protocol").prefetch_related("rows"):
        for row in one.rows.all():
            token = places.at(one.network, row.token if row.token_known else None)
            if token is None or row.amount is None or row.kind != SUPPLIED:
                continue
            cell = Cell(token.symbol, one.network.slug, one.protocol.slug)
            yield cell, Pile(one.wallet, token, row.amount)
