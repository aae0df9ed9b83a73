"""Three days of readings and books, generated; and their sums by the plainest loop."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from analytics.models import EquityPoint, LedgerEntry, Rollup
from scheduling.models import RiskReading
from tests import factories
from wallets.models import (
    BalancePoint,
    BalanceSnapshot,
    GasReading,
    Network,
    NonceLane,
    PricePoint,
    Token,
    Wallet,
)
from wallets.transactions.states import Outcome

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
DAYS = 3
# When the third day is over and added up.
AFTER = FIRST + DAYS * DAY + HOUR
ETHER = 10**18


@dataclass(frozen=True, slots=True)
class Days:
    """A network with ETH and a token of six decimals, two wallets, and what happened to them."""

    network: Network
    eth: Token
    usdc: Token
    wallets: tuple[Wallet, Wallet]
    lane: NonceLane
    chance: Random = field(default_factory=lambda: Random(11))

    @classmethod
    def lay(cls) -> "Days":
        """All of it."""
        network = factories.NetworkFactory.create()
        eth = factories.NativeCoinFactory.create(network=network)
        usdc = factories.TokenFactory.create(network=network, symbol="USDC", decimals=6)
        wallets = (factories.WalletFactory.create(), factories.WalletFactory.create())
        lane = factories.NonceLaneFactory.create(network=network, wallet=wallets[0])
        days = cls(network, eth, usdc, wallets, lane)
        days.prices()
        days.readings()
        days.balances()
        for number in range(16):
            days.entry(days.moment(), number)
        return days

    def moment(self) -> datetime:
        """Any, to the second."""
        return FIRST + timedelta(seconds=self.chance.randrange(DAYS * 86_400))

    def prices(self) -> None:
        """Every half an hour, with more decimals now and then; USDC's begin on the second day."""
        times = [FIRST + n * HOUR / 2 for n in range(DAYS * 48)]
        PricePoint.objects.bulk_create(
            PricePoint(token=token, source=source, amount=amount, decimals=decimals, at=at)
            for at in times
            for token, source, amount, decimals in self._prices(at)
        )

    def _prices(self, at: datetime) -> Iterable[tuple[Token, str, int, int]]:
        yield self.eth, "chainlink", self.chance.randrange(10**11, 3 * 10**11), 8
        yield (
            self.eth,
            "http",
            self.chance.randrange(10**15, 3 * 10**15),
            self.chance.choice((9, 12)),
        )
        if at >= FIRST + DAY:
            yield self.usdc, "chainlink", self.chance.randrange(99 * 10**6, 101 * 10**6), 8

    def readings(self) -> None:
        """Equity every forty minutes, unknown and below zero at times; gas, risk and gates."""
        times = [FIRST + number * timedelta(minutes=40) for number in range(DAYS * 36)]
        EquityPoint.objects.bulk_create(map(self._point, range(len(times)), times))
        RiskReading.objects.bulk_create(
            RiskReading(at=at, level=self.chance.choice(("low", "high"))) for at in times
        )
        GasReading.objects.bulk_create(
            GasReading(network=self.network, hour=at, price=number + 1, at=at)
            for number, at in enumerate(times)
            if at.minute == 0
        )
        for number in range(DAYS):
            factories.GateCountFactory.create(
                gate="gas", day=(FIRST + number * DAY).date(), count=number + 1
            )

    def _point(self, number: int, at: datetime) -> EquityPoint:
        cents = None if number % 7 == 0 else self.chance.randrange(-1_000, 10**6)
        problem = "" if cents else "a gap"
        parts = {"places": {"": 5}, "wallets": {self.wallets[0].address: number}}
        return EquityPoint(at=at, cents=cents, problem=problem, loss_cents=0, parts=parts)

    def balances(self) -> None:
        """Changes at any time, one of them unknown."""
        for number in range(12):
            snapshot = factories.BalanceSnapshotFactory.create(
                network=self.network, block_at=self.moment()
            )
            BalanceSnapshot.objects.filter(pk=snapshot.pk).update(taken_at=snapshot.block_at)
            BalancePoint.objects.create(
                snapshot=snapshot,
                wallet=self.wallets[number % 2],
                token=self.eth,
                amount=None if number == 3 else self.chance.randrange(2**200),
            )

    def entry(self, at: datetime, number: int = 0, **fields: Any) -> LedgerEntry:
        """A fee or a movement, of a receipt of its own."""
        receipt = factories.ReceiptFactory.create(
            block_at=at,
            fee=self.chance.randrange(10**20),
            attempt__transaction__outcome=self.chance.choice((Outcome.SUCCEEDED, Outcome.REVERTED)),
            attempt__transaction__final=True,
            attempt__transaction__lane=self.lane,
        )
        made: LedgerEntry = factories.LedgerEntryFactory.create(
            receipt=receipt,
            wallet=self.wallets[number % 2],
            token=(self.eth, self.usdc)[number % 2],
            kind=("in", "out", "in", "fee")[number % 4],
            ordinal=0 if number % 4 == 3 else 1,
            account=("outside", "trade", "airdrop", "fee")[number % 4],
            amount=self.chance.randrange(10**30),
            status="reversed" if number % 11 == 10 else "final",
            occurred_at=at,
            **fields,
        )
        return made


def summed(
    rows: Iterable[Any], at: Callable[[Any], datetime], name: Callable[[Any], Any], number: Any
) -> dict[Any, tuple[int, int]]:
    """How many and how much, by hour and name: a loop that asks no database."""
    found: dict[Any, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for row in rows:
        key = (at(row).replace(minute=0, second=0, microsecond=0), name(row))
        count, total = found[key]
        found[key] = count + 1, total + (number(row) or 0)
    return dict(found)


def kept(metric: str, period: str, *names: str) -> dict[Any, tuple[int, int]]:
    """The same as it was written."""
    found: dict[Any, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for row in Rollup.objects.filter(metric=metric, period=period):
        key = row.starts_at, tuple(getattr(row, one) for one in names)
        count, total = found[key]
        found[key] = count + row.count, total + (row.total or 0)
    return dict(found)
