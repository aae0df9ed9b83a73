"""What an exchange of tokens was worth, and how that divides among what went and what came."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from analytics.basis.entries import Entry
from analytics.basis.money import shares
from analytics.models import LedgerEntry

K, A = LedgerEntry.Kind, LedgerEntry.Account
BOTH_WAYS = (A.TRADE, A.PROTOCOL, A.BRIDGE)
# What actions are called that give shares back; by all others they are got.
LEAVING = ("remove", "redeem", "withdraw", "unstake", "exit")


@dataclass(frozen=True, slots=True)
class Trade:
    """One wallet's: what went for how much, and what came for how much."""

    gone: tuple[tuple[Entry, int | None], ...]
    come: tuple[tuple[Entry, int | None], ...]


def trades_of(cause: Sequence[Entry]) -> list[Trade]:
    """The exchanges in one transaction, one a wallet."""
    legs = sorted(filter(is_leg, cause), key=lambda one: (one.wallet, one.token.pk, one.kind))
    return [_trade(list(found)) for _, found in groupby(legs, lambda one: one.wallet)]


def is_leg(entry: Entry) -> bool:
    """Whether it is a side of an exchange."""
    return entry.account == A.TRADE and entry.kind != K.FEE


def as_exchanges(cause: list[Entry]) -> list[Entry]:
    """What both brings and takes is an exchange, also where nobody is known on the other side.

    What came back of what was given was never given.
    """
    if len(cause) == 1:
        return cause
    outside = [one for one in cause if one.account == A.OUTSIDE and one.kind != K.FEE]
    for wallet in {one.wallet for one in outside}:
        legs = [one for one in outside if one.wallet == wallet]
        if {one.kind for one in legs} == {K.IN, K.OUT}:
            for leg in legs:
                leg.account = A.TRADE
    return list(_net(cause))


def as_position(cause: Sequence[Entry], is_of: Callable[[Entry], bool]) -> list[Entry]:
    """What went into a protocol for shares of it, or came out for them: both become an exchange.

    So a pool is one position: what came back less what went in, whatever it turned it into. Where
    no action says which way it goes, `is_of` says whether what goes was had from the protocol.
    """
    inside = [one for one in cause if one.account == A.PROTOCOL and one.kind != K.FEE]
    places = {(one.wallet, one.protocol): set[str]() for one in inside}
    for one in inside:
        places[one.wallet, one.protocol].add(one.kind)
    legs = [one for one in inside if len(places[one.wallet, one.protocol]) > 1]
    back = {(one.wallet, one.protocol) for one in legs if one.kind == K.OUT and is_of(one)}
    for one in legs:
        leaving = any(word in one.action for word in LEAVING)
        leaving = leaving or (not one.action and (one.wallet, one.protocol) in back)
        one.account, one.is_share = A.TRADE, (one.kind == K.OUT) == leaving
    return legs


def pooled(cause: Sequence[Entry]) -> set[tuple[int, str]]:
    """Whose several tokens came out of which protocol at once, without shares: more of one may be
    less of another, and what of it was earned is unknown."""
    tokens: dict[tuple[int, str], set[int]] = {}
    for one in cause:
        if (one.kind, one.account) == (K.IN, A.PROTOCOL):
            tokens.setdefault((one.wallet, one.protocol), set()).add(one.token.pk)
    return {place for place, found in tokens.items() if len(found) > 1}


def _net(cause: list[Entry]) -> Iterator[Entry]:
    sides: dict[tuple[object, ...], list[Entry]] = {}
    for one in cause:
        alone = one.kind == K.FEE or one.account not in BOTH_WAYS
        key = (one.pk,) if alone else (one.wallet, one.token.pk, one.account, one.protocol)
        sides.setdefault(key, []).append(one)
    for same in sides.values():
        if len({one.kind for one in same}) == 1:
            yield from same
            continue
        total = sum(one.amount if one.kind == K.IN else -one.amount for one in same)
        kind = K.IN if total > 0 else K.OUT
        if total:
            yield replace(next(one for one in same if one.kind == kind), amount=abs(total))


def _trade(legs: list[Entry]) -> Trade:
    gone = [one for one in legs if one.kind == K.OUT]
    come = [one for one in legs if one.kind == K.IN]
    value = _all(come)
    if value is None:
        value = _all(gone)
    return Trade(_divide(value, gone), _divide(value, come))


def _all(entries: list[Entry]) -> int | None:
    """Of what came, or else of what went: None where one of them has no price."""
    if not entries:
        return None
    total = 0
    for entry in entries:
        if entry.worth is None:
            return None
        total += entry.worth
    return total


def _divide(value: int | None, entries: list[Entry]) -> tuple[tuple[Entry, int | None], ...]:
    """By what each is worth; what is left is that of the only one without a price."""
    if len(entries) == 1:
        return ((entries[0], value),)
    if _all(entries) is not None:
        weights = [entry.worth or 0 for entry in entries]
        if sum(weights):
            return tuple(zip(entries, shares(value, weights), strict=True))
    known = sum(entry.worth or 0 for entry in entries)
    unpriced = [entry for entry in entries if entry.worth is None]
    alone = len(unpriced) == 1 and value is not None and value >= known
    rest = value - known if alone and value is not None else None
    return tuple((one, rest if one.worth is None else one.worth) for one in entries)
