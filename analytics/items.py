"""All that is owned or owed, one by one, as rows of ours know it; and what is not known."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, QuerySet

from analytics.selectors import valid_entries
from protocols.models import PositionReading, PositionRow
from scheduling.models import Run, Step
from scheduling.states import RunState, StepState
from scheduling.under_way import under_way_of
from wallets.balances import watched_wallets
from wallets.chain.access import allowed_kinds
from wallets.models import Balance, Network, Token, Wallet

BORROWED = "borrowed"
# What was not read for so long is not known any more: three readings were missed.
MISSED = 3
LEAST_AGE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Item:
    """An amount of a token, below zero where it is owed; inside a protocol, or in the wallet.

    `wallet` is the address of whose it is; empty where it is nobody's alone. `balance` is the row
    that it was read from, if it was one.
    """

    token: Token
    amount: int
    protocol: str = ""
    read_at: datetime | None = None
    wallet: str = ""
    balance: Balance | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """A sentence about something that nobody knows."""

    sentence: str


Found = Iterator[Item | Gap]


class Places:
    """The tokens of all enabled networks, by where they are."""

    def __init__(self) -> None:
        rows = Token.objects.filter(network__in=enabled_networks()).select_related("network")
        self.by_pk = {row.pk: row for row in rows}
        self._by_place = {(row.network_id, row.address): row for row in self.by_pk.values()}

    def at(self, network: Network, address: str | None) -> Token | None:
        """The token at an address; the coin at an empty one."""
        return None if address is None else self._by_place.get((network.pk, address))


def enabled_networks() -> QuerySet[Network]:
    """Networks that this installation may ask."""
    return Network.objects.filter(enabled=True, kind__in=allowed_kinds())


def everything(now: datetime) -> Found:
    """All of it."""
    places = Places()
    yield from _balances(places, now)
    yield from _positions(places, now)
    yield from _under_way(places)


def _limit(seconds: int) -> timedelta:
    return max(LEAST_AGE, timedelta(seconds=MISSED * seconds))


def _balances(places: Places, now: datetime) -> Found:
    """What wallets hold, with what the books say has come and gone since it was read."""
    rows = Balance.objects.filter(
        token__enabled=True, token__network__in=enabled_networks(), wallet__in=watched_wallets()
    )
    owners = dict(watched_wallets().values_list("pk", "address"))
    moved, oldest = MovedSince(), now - _limit(settings.BALANCE_SECONDS)
    late: dict[int, datetime] = {}
    for row in rows.order_by().select_related("snapshot").iterator(900):
        token, read = places.by_pk[row.token_id], row.snapshot
        if row.amount is None:
            yield Gap(f"a balance of {token} is unknown: the chain gives no number")
            continue
        if read.taken_at < oldest:
            late[token.network_id] = min(read.taken_at, late.get(token.network_id, now))
        change = moved.by(row.wallet_id, token, read.block_number)
        owner = owners.get(row.wallet_id, "")
        amount = max(0, row.amount + change)
        yield Item(token, amount, read_at=read.taken_at, wallet=owner, balance=row)
    for network in Network.objects.filter(pk__in=late):
        yield Gap(f"balances on {network.slug} are from {late[network.pk]:%Y-%m-%d %H:%M} UTC")
    yield from _unread_balances(places)


def _unread_balances(places: Places) -> Found:
    """Tokens of which some wallet's balance was never read."""
    wallets = watched_wallets().count()
    rows = Balance.objects.filter(wallet__in=watched_wallets()).order_by().values("token")
    read = dict(rows.annotate(n=Count("pk")).values_list("token", "n"))
    for token in places.by_pk.values():
        if token.enabled and read.get(token.pk, 0) < wallets:
            yield Gap(f"the balance of {token} was not read yet for every wallet")


class MovedSince:
    """What the books have of each wallet and token behind a block, read once for a network."""

    def __init__(self) -> None:
        self._known: dict[int, dict[tuple[int, int], list[tuple[int, int]]]] = {}

    def by(self, wallet_id: int, token: Token, block: int) -> int:
        """What came less what went, in blocks after this one."""
        if token.network_id not in self._known:
            self._known[token.network_id] = _newest_entries(token.network_id)
        entries = self._known[token.network_id].get((wallet_id, token.pk), [])
        return sum(amount for number, amount in entries if number > block)


def _newest_entries(network_id: int) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Those of the last hours: balances that are older than that are not known anyway."""
    oldest = Balance.objects.filter(token__network=network_id).order_by("snapshot__block_number")
    first = oldest.values_list("snapshot__block_number", flat=True).first() or 0
    rows = valid_entries().filter(token__network=network_id, block_number__gt=first)
    found: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    fields = ("wallet_id", "token_id", "kind", "amount", "block_number")
    for wallet, token, kind, amount, number in rows.values_list(*fields):
        if number is not None:
            found[wallet, token].append((number, amount if kind == "in" else -amount))
    return found


def _positions(places: Places, now: datetime) -> Found:
    """What adapters said was inside protocols."""
    readings = PositionReading.objects.filter(network__in=enabled_networks())
    kept = readings.exclude(wallet__status=Wallet.Status.RETIRED)
    oldest = now - _limit(settings.POSITION_SECONDS)
    for one in kept.select_related("wallet", "network", "protocol").prefetch_related("rows"):
        if not one.whole:
            yield Gap(f"what {one} is worth is unknown: {one.problem or 'it was not read yet'}")
        elif one.read_at is not None and one.read_at < oldest:
            yield Gap(f"what {one} is worth was last read {one.read_at:%Y-%m-%d %H:%M} UTC")
        for row in one.rows.all():
            yield _position(places, one, row)


def _position(places: Places, reading: PositionReading, row: PositionRow) -> Item | Gap:
    token = places.at(reading.network, row.token if row.token_known else None)
    if token is None or row.amount is None:
        return Gap(f"what {reading} is worth is unknown: {row.what}")
    amount = -row.amount if row.kind == BORROWED else row.amount
    owner = reading.wallet.address
    return Item(token, amount, reading.protocol.slug, reading.read_at, owner)


def _under_way(places: Places) -> Found:
    """What waiting runs have sent and not brought."""
    waiting = Step.objects.filter(state=StepState.WAITING).values("run")
    runs = Run.objects.filter(
        pk__in=waiting, state__in=(RunState.RUNNING, RunState.NEEDS_OPERATOR)
    ).exclude(wallet__status=Wallet.Status.RETIRED)
    for run in runs.select_related("task__protocol", "task__network", "wallet").order_by("pk"):
        for one in under_way_of(run):
            token = places.at(run.task.network, one.token)
            if token is None or one.amount is None:
                yield Gap(f"the worth of what is under way is unknown: {one.what}")
            else:
                protocol, owner = run.task.protocol.slug, run.wallet.address
                yield Item(token, one.amount, protocol, wallet=owner)
