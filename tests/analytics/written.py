"""Books written by hand: entries with a price for each day, without a chain."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from analytics.flows import Money
from analytics.models import ChainTransfer, LedgerEntry
from tests.factories import NativeCoinFactory, NetworkFactory, TokenFactory, WalletFactory
from wallets.models import PricePoint, Token, Wallet

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Leg:
    """One side of what a transaction did; whole tokens, as text."""

    wallet: Wallet
    token: Token
    kind: str
    amount: str
    account: str
    more: dict[str, Any] = field(default_factory=dict)


def into(wallet: Wallet, token: Token, amount: str, account: str, **more: Any) -> Leg:
    """An amount that came."""
    return Leg(wallet, token, "in", amount, account, more)


def out(wallet: Wallet, token: Token, amount: str, account: str, **more: Any) -> Leg:
    """An amount that left."""
    return Leg(wallet, token, "out", amount, account, more)


def fee(wallet: Wallet, token: Token, amount: str, **more: Any) -> Leg:
    """What a transaction cost."""
    return Leg(wallet, token, "fee", amount, "fee", more)


def on(day: int) -> datetime:
    """Noon of a day, counted from the first."""
    return START + timedelta(days=day)


def usd(*values: Money | int) -> tuple[Decimal | int | None, ...]:
    """Dollars, and numbers as they are."""
    return tuple(one.dollars if isinstance(one, Money) else one for one in values)


def price(token: Token, day: int, dollars: str) -> None:
    """What a token was worth that day."""
    number = Decimal(dollars)
    places = max(0, -int(number.as_tuple().exponent))
    PricePoint.objects.create(
        token=token,
        source="manual",
        amount=int(number.scaleb(places)),
        decimals=places,
        at=on(day) - timedelta(hours=1),
    )


def book(day: int, *legs: Leg) -> list[LedgerEntry]:
    """What one transaction of that day did."""
    number = next(_numbers)
    return [_entry(f"0x{number:064x}", place, on(day), leg) for place, leg in enumerate(legs)]


def _entry(digest: str, place: int, at: datetime, leg: Leg) -> LedgerEntry:
    amount = int(Decimal(leg.amount).scaleb(leg.token.decimals))
    transfer = ChainTransfer.objects.create(
        network=leg.token.network,
        wallet=leg.wallet,
        hash=digest,
        place=place,
        direction="in" if leg.kind == "in" else "out",
        token=leg.token,
        amount=amount,
        block_number=1,
        block_at=at,
        source="rpc",
    )
    facts = {"status": "final", "ordinal": place, "block_number": 1, **leg.more}
    return LedgerEntry.objects.create(
        wallet=leg.wallet,
        token=leg.token,
        kind=leg.kind,
        amount=amount,
        account=leg.account,
        transfer=transfer,
        occurred_at=at,
        **facts,
    )


@dataclass(frozen=True, slots=True)
class Desk:
    """Two wallets, and three tokens of one network."""

    alice: Wallet
    bob: Wallet
    eth: Token
    usd: Token
    fund: Token

    @classmethod
    def lay(cls) -> "Desk":
        """Rows of its own."""
        network = NetworkFactory.create()
        return cls(
            WalletFactory.create(),
            WalletFactory.create(),
            NativeCoinFactory.create(network=network),
            TokenFactory.create(network=network, symbol="USD", decimals=6),
            TokenFactory.create(network=network, symbol="FUND", decimals=0),
        )
