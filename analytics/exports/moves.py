"""The ledger as the tax programs want it: an exchange is one line, a fee stands with its cause."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import groupby, zip_longest

from analytics.basis.entries import Entry, read_causes
from analytics.basis.trades import as_exchanges, is_leg, trades_of
from analytics.exports.cells import amount_of, worth_of
from analytics.exports.wanted import Names, Wanted
from analytics.models import LedgerEntry

K, A = LedgerEntry.Kind, LedgerEntry.Account


@dataclass(frozen=True, slots=True)
class Side:
    """So much of a token, and what it was worth in US dollars; None is unknown."""

    amount: Decimal
    symbol: str
    usd: Decimal | None


@dataclass(frozen=True, slots=True)
class Move:
    """What went and what came of one wallet, with the fee; `account` is the other side's."""

    at: datetime
    wallet: str
    network: str
    account: str
    action: str
    protocol: str
    campaign: str
    hash: str
    sent: Side | None = None
    received: Side | None = None
    fee: Side | None = None

    @property
    def usd(self) -> Decimal | None:
        """What it was worth: what came, or else what went."""
        for side in (self.received, self.sent):
            if side is not None and side.usd is not None:
                return side.usd
        return None

    @property
    def description(self) -> str:
        """In words."""
        where = f"{self.protocol} on {self.network}" if self.protocol else self.network
        what = f"{self.action}, {where}" if self.action else where
        return f"{what}: {self.campaign}" if self.campaign else what


def moves(wanted: Wanted) -> Iterator[Move]:
    """By time."""
    names = Names()
    for cause in read_causes(wanted.entries()):
        netted = sorted(as_exchanges(cause), key=lambda one: one.wallet)
        for _, entries in groupby(netted, key=lambda one: one.wallet):
            yield from _of_wallet(list(entries), names)


def _of_wallet(entries: list[Entry], names: Names) -> Iterator[Move]:
    """The fee with what went, if anything did: tax programs know no fee of what only came."""
    fees = [one for one in entries if one.kind == K.FEE]
    for move in (*_exchanges(entries, names), *_others(entries, names)):
        with_fee = fees and move.sent is not None
        yield replace(move, fee=_side(fees.pop(0))) if with_fee else move
    yield from (_move(fee, names) for fee in fees)


def _exchanges(entries: list[Entry], names: Names) -> Iterator[Move]:
    for trade in trades_of(entries):
        gone = [one for one, _ in trade.gone]
        come = [one for one, _ in trade.come]
        for out, into in zip_longest(gone, come):
            sent = _side(out) if out else None
            received = _side(into) if into else None
            yield replace(_blank(out or into, names), sent=sent, received=received)


def _others(entries: list[Entry], names: Names) -> Iterator[Move]:
    for one in entries:
        if one.kind != K.FEE and not is_leg(one):
            yield _move(one, names)


def _move(entry: Entry, names: Names) -> Move:
    if entry.kind == K.FEE:
        return replace(_blank(entry, names), account=A.FEE, sent=_side(entry))
    if entry.kind == K.IN:
        return replace(_blank(entry, names), received=_side(entry))
    return replace(_blank(entry, names), sent=_side(entry))


def _side(entry: Entry) -> Side:
    amount = amount_of(entry.amount, entry.token.decimals)
    return Side(amount, entry.token.symbol, worth_of(entry.worth))


def _blank(entry: Entry, names: Names) -> Move:
    return Move(
        at=entry.at,
        wallet=names.wallets[entry.wallet][0],
        network=entry.token.network.slug,
        account=entry.account,
        action=entry.action,
        protocol=entry.protocol,
        campaign=names.campaigns.get(entry.campaign or 0, ""),
        hash=entry.hash,
    )
