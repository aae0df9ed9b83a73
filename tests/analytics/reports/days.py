"""Books of some days, small enough to be added up by hand."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from analytics.models import LedgerEntry
from analytics.reports.document import Document
from analytics.reports.gathering import gather
from analytics.reports.periods import Kind, period_of
from tests import factories as made
from tests.factories.values import ETHER
from wallets.models import NonceLane, Token

DAY = datetime(2026, 11, 23, tzinfo=UTC)
NOW = DAY + timedelta(days=1, minutes=30)
FEE = ETHER // 1000  # two dollars at 2000 USD


@dataclass(frozen=True, slots=True)
class Books:
    """A lane, and the coin and the token of its network."""

    lane: NonceLane
    coin: Token
    token: Token

    @classmethod
    def open(cls, label: str = "first") -> "Books":
        """Empty ones."""
        lane = made.NonceLaneFactory.create(wallet__label=label)
        network = lane.network
        coin = made.NativeCoinFactory.create(network=network, symbol="ETH")
        return cls(lane, coin, made.TokenFactory.create(network=network, symbol="USDC"))

    def price(self, at: datetime, *, coin: int = 2000, token: int | None = 1) -> None:
        """US dollars at the start of five minutes."""
        for which, dollars in ((self.coin, coin), (self.token, token)):
            if dollars is not None:
                made.PricePointFactory.create(token=which, amount=dollars * 10**8, at=at)

    def transact(self, at: datetime, *, outcome: str = "succeeded", fee: int = FEE) -> Any:
        """A final transaction with its fee in the books."""
        row = made.TransactionFactory.create(
            lane=self.lane, protocol="aave", final=True, outcome=outcome
        )
        receipt = made.ReceiptFactory.create(attempt__transaction=row, block_at=at)
        self._entry(receipt, at, self.coin, LedgerEntry.Kind.FEE, fee, 0, "fee")
        return receipt

    def move(self, at: datetime, kind: str, amount: int, account: str = "outside") -> None:
        """Base units of the token, in a transaction that has a fee too."""
        self._entry(self.transact(at), at, self.token, kind, amount, 1, account)

    def _entry(
        self, receipt: Any, at: datetime, token: Token, kind: str, n: int, place: int, account: str
    ) -> None:
        made.LedgerEntryFactory.create(
            receipt=receipt,
            token=token,
            kind=kind,
            amount=n,
            ordinal=place,
            account=account,
            occurred_at=at,
        )


def report(kind: str = Kind.DAILY, now: datetime = NOW, campaign: Any = None) -> Document:
    """The last whole day's, or what else is asked for."""
    return gather(period_of(kind, None if campaign else DAY.date(), now, campaign), now)


def told(document: Document) -> dict[str, str]:
    """Every number by `section.key`."""
    return {f"{section.key}.{fact.key}": fact.text for section, fact in document.facts()}


def a_day() -> Books:
    """Three transactions, one of them reverted; ten dollars came in and four went out."""
    books = Books.open()
    books.price(DAY + timedelta(hours=8))
    for hour, cents in ((-0.5, 100_000), (6, 101_000), (23.5, 102_500)):
        made.EquityPointFactory.create(at=DAY + timedelta(hours=hour), cents=cents)
    books.move(DAY + timedelta(hours=9), "in", 10_000_000)
    books.move(DAY + timedelta(hours=10), "out", 4_000_000)
    books.transact(DAY + timedelta(hours=11), outcome="reverted")
    return books
