"""Lots through the books: what each entry does to them, and what that brought and cost."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from analytics.basis.entries import Entry, read_causes
from analytics.basis.lot import Lot
from analytics.basis.lots import Method, Piece
from analytics.basis.money import from_cents, shares, worth
from analytics.basis.state import INSIDE, LOAN, State, in_lots
from analytics.basis.tally import Days, Key, Sums, no_days
from analytics.basis.trades import Trade, as_exchanges, as_position, is_leg, pooled, trades_of
from analytics.models import LedgerEntry

K, A = LedgerEntry.Kind, LedgerEntry.Account
# Capital in a protocol that nobody named is not capital outside of all.
UNNAMED = "unnamed"


@dataclass(frozen=True, slots=True)
class Disposal:
    """A lot that is no longer ours: what it cost and what it brought, None where unknown."""

    entry: Entry
    amount: int
    acquired: int
    cost: int | None
    proceeds: int | None
    campaign: int | None
    protocol: str
    origin_known: bool


def nobody_asks(_disposal: Disposal) -> None:
    """For whoever needs only the sums."""


class Engine:
    """Goes on from a state; `days` is what was added since."""

    def __init__(
        self,
        method: Method,
        state: State | None = None,
        on_disposal: Callable[[Disposal], None] = nobody_asks,
    ) -> None:
        self.state = state or State(method)
        self.days: Days = no_days()
        self.entries = 0
        self._tell = on_disposal
        self._mixed = set[tuple[int, str]]()
        self._carried: dict[tuple[int, int], list[tuple[Entry, list[Lot]]]] = defaultdict(list)

    def read(self, entries: Iterable[Entry]) -> "Engine":
        """All of them."""
        for cause in read_causes(entries):
            self.apply(cause)
        return self

    def apply(self, cause: list[Entry]) -> None:
        """One transaction: between our own wallets, fees, what came, exchanges, what went."""
        self.entries += len(cause)
        if len(cause) == 1 and not is_leg(cause[0]):
            self._one(cause[0])
        else:
            self._several(as_exchanges(cause))
        self._leave_behind()
        self._mixed = set()

    def _several(self, cause: list[Entry]) -> None:
        for entry in as_position(cause, self._is_of):
            if not entry.is_share:
                name = "put_in" if entry.kind == K.OUT else "taken_out"
                self._flow(entry, name, protocol=entry.protocol or UNNAMED)
        self._mixed = pooled(cause)
        ranked = sorted((one for one in cause if not is_leg(one)), key=_rank)
        for entry in ranked:
            if entry.kind != K.OUT or entry.account == A.OWN:
                self._one(entry)
        for trade in trades_of(cause):
            self._trade(trade)
        for entry in ranked:
            if entry.kind == K.OUT and entry.account != A.OWN:
                self._one(entry)

    def _is_of(self, entry: Entry) -> bool:
        """Whether what the wallet has of it came from the same protocol."""
        lots = self.state.pool(entry.wallet, entry.token.pk).lots
        return bool(entry.protocol and lots and lots.first.protocol == entry.protocol)

    def _one(self, entry: Entry) -> None:
        if entry.kind == K.FEE:
            self._fee(entry, entry.amount, self._take(entry))
        elif entry.kind == K.OUT:
            _OUT.get(A(entry.account), Engine._give)(self, entry)
        else:
            _IN.get(A(entry.account), Engine._set_right)(self, entry)

    # --- what went

    def _give(self, entry: Entry) -> None:
        """To somebody else: it counts as sold for what it was worth."""
        value = self._flow(entry, "taken_out", protocol="")
        self._dispose(entry, self._take(entry), value)

    def _supply(self, entry: Entry) -> None:
        """Into a protocol, where the lots rest; or back to where they were borrowed."""
        if entry.action.startswith("repay"):
            self._repay(entry)
            return
        self._flow(entry, "put_in", protocol=entry.protocol or UNNAMED)
        inside = self.state.pool(entry.wallet, entry.token.pk, INSIDE, entry.protocol)
        for piece in self._take(entry):
            inside.add(piece.lot)

    def _repay(self, entry: Entry) -> None:
        """What was borrowed goes back at what it counted as then; what is more is interest."""
        loan = self.state.pool(entry.wallet, entry.token.pk, LOAN, entry.protocol)
        owed = min(entry.amount, loan.amount)
        debts = in_lots(loan.take(owed))
        values = [debt.cost for debt in debts]
        known = None if None in values else sum(value or 0 for value in values)
        pieces = self._take(entry, owed)
        self._dispose(entry, pieces, known)
        if interest := entry.amount - owed:
            self._fee(entry, interest, self._take(entry, interest))

    def _send_over(self, entry: Entry) -> None:
        self._flow(entry, "bridged_out", protocol="")
        lots = in_lots(self._take(entry))
        self.state.send(entry.wallet, entry.token, lots, entry.run)

    def _carry(self, entry: Entry) -> None:
        """Their cost and date go along to the other wallet."""
        self._flow(entry, "own_out", protocol="")
        lots = in_lots(self._take(entry))
        self._carried[entry.token.pk, entry.amount].append((entry, lots))

    def _write_off(self, entry: Entry) -> None:
        """Set right by a person: it leaves at what it cost, without gain or loss."""
        self._take(entry)

    # --- what came

    def _put_down(self, entry: Entry) -> None:
        """From another wallet of ours, in the same transaction."""
        self._flow(entry, "own_in", protocol="")
        waiting = self._carried.get((entry.token.pk, entry.amount))
        lots = waiting.pop(0)[1] if waiting else [self._unexplained(entry, entry.amount)]
        self._keep(entry, lots)

    def _take_back(self, entry: Entry) -> None:
        """Out of a protocol: what lay there, with its dates; what is more was earned."""
        if entry.action.startswith("borrow"):
            self._borrow(entry)
            return
        place = entry.wallet, entry.token.pk, INSIDE, entry.protocol
        self._flow(entry, "taken_out", protocol=entry.protocol or UNNAMED)
        if not self.state.has(*place):
            self._keep(entry, [self._unexplained(entry, entry.amount)])
            return
        inside = self.state.pool(*place)
        principal = min(entry.amount, inside.amount)
        self._keep(entry, in_lots(inside.take(principal)))
        if earned := entry.amount - principal:
            if (entry.wallet, entry.protocol) in self._mixed:
                self._puzzle(entry, earned)
            else:
                self._earn(entry, earned)

    def _puzzle(self, entry: Entry, amount: int) -> None:
        """More of one token than went in, and maybe less of another: what was earned is unknown."""
        self._sums(entry).unknown_income += 1
        self._keep(entry, [Lot(amount, None, _seconds(entry.at), protocol=entry.protocol)])

    def _borrow(self, entry: Entry) -> None:
        """It is worth what is owed for it."""
        value, acquired = self._worth(entry), _seconds(entry.at)
        loan = self.state.pool(entry.wallet, entry.token.pk, LOAN, entry.protocol)
        loan.add(Lot(entry.amount, value, acquired))
        self._keep(entry, [Lot(entry.amount, value, acquired)])

    def _arrive(self, entry: Entry) -> None:
        """From another network; what the bridge kept is a cost."""
        self._flow(entry, "bridged_in", protocol="")
        place = entry.wallet, entry.token
        pieces, kept = self.state.receive(*place, entry.amount, entry.run)
        for piece in pieces:
            if not piece.known:
                self._unexplained(entry, piece.lot.amount)
        self._keep(entry, in_lots(pieces))
        if kept:
            self._fee(entry, sum(piece.lot.amount for piece in kept), kept)

    def _earn_all(self, entry: Entry) -> None:
        self._earn(entry, entry.amount)

    def _earn(self, entry: Entry, amount: int) -> None:
        """Income, of an airdrop or a protocol: it cost what it was worth when it came."""
        value = self._worth(entry, amount)
        sums = self._sums(entry, campaign=entry.campaign)
        sums.income += value or 0
        sums.unknown_income += value is None
        lot = Lot(amount, value, _seconds(entry.at), entry.campaign, entry.protocol)
        self._keep(entry, [lot])

    def _buy(self, entry: Entry) -> None:
        """From outside: what a person says it cost, or what it was worth then."""
        value = self._flow(entry, "put_in", protocol="")
        cost = value if entry.cost_cents is None else from_cents(entry.cost_cents)
        self._keep(entry, [Lot(entry.amount, cost, _seconds(entry.at))])

    def _set_right(self, entry: Entry) -> None:
        """There before, or set right: it cost what a person says, else nobody knows."""
        known = entry.cost_cents is not None
        cost = from_cents(entry.cost_cents or 0) if known else None
        sums = self._sums(entry, protocol="")
        sums.put_in += cost or 0
        sums.unknown_flows += not known
        self._keep(entry, [Lot(entry.amount, cost, _seconds(entry.at))])

    # --- exchanges

    def _trade(self, trade: Trade) -> None:
        for entry, value in trade.gone:
            if value is None:
                self._sums(entry, protocol="").unpriced += entry.worth is None
            self._dispose(entry, self._take(entry), value)
        for entry, value in trade.come:
            if value is None:
                self._sums(entry, protocol="").unpriced += entry.worth is None
            lot = Lot(entry.amount, value, _seconds(entry.at))
            lot.protocol = entry.protocol if entry.is_share else ""
            self._keep(entry, [lot])
        if len(trade.come) == 1:
            self._slip(trade.come[0][0])

    def _slip(self, entry: Entry) -> None:
        """How much less came than was quoted, where something was."""
        missing = (entry.quoted or 0) - entry.amount
        if missing > 0 and entry.price is not None:
            lost = worth(missing, entry.token.decimals, entry.price)
            self._sums(entry, task=entry.task).slippage += lost or 0

    # --- what all of it is made of

    def _take(self, entry: Entry, amount: int | None = None) -> list[Piece]:
        wanted = entry.amount if amount is None else amount
        pieces = self.state.pool(entry.wallet, entry.token.pk).take(wanted)
        for piece in pieces:
            if not piece.known:
                self._unexplained(entry, piece.lot.amount)
        return pieces

    def _keep(self, entry: Entry, lots: Iterable[Lot]) -> None:
        pool = self.state.pool(entry.wallet, entry.token.pk)
        for lot in lots:
            pool.add(lot)

    def _unexplained(self, entry: Entry, amount: int) -> Lot:
        self._sums(entry, protocol="").unexplained += amount
        return Lot(amount, None, 0)

    def _fee(self, entry: Entry, amount: int, pieces: list[Piece]) -> None:
        """It costs what it is worth, and is thereby sold for that."""
        value = self._worth(entry, amount)
        sums = self._sums(entry, campaign=entry.campaign, task=entry.task)
        sums.fees += value or 0
        sums.fee_amount += amount
        sums.unknown_fees += value is None
        self._dispose(entry, pieces, value)

    def _dispose(self, entry: Entry, pieces: Sequence[Piece], proceeds: int | None) -> None:
        parts = shares(proceeds, [piece.lot.amount for piece in pieces])
        for piece, part in zip(pieces, parts, strict=True):
            lot = piece.lot
            sums = self._sums(entry, campaign=lot.campaign, protocol=lot.protocol)
            if lot.cost is None or part is None:
                sums.unknown_gains += 1
            else:
                sums.proceeds += part
                sums.cost += lot.cost
            self._tell(_disposal(entry, piece, part))

    def _flow(self, entry: Entry, name: str, *, protocol: str) -> int | None:
        """Capital that moved, at what it was worth then."""
        value = self._worth(entry)
        sums = self._sums(entry, protocol=protocol)
        setattr(sums, name, getattr(sums, name) + (value or 0))
        sums.unknown_flows += value is None
        return value

    def _worth(self, entry: Entry, amount: int | None = None) -> int | None:
        if entry.price is None:
            self._sums(entry, protocol="").unpriced += 1
            return None
        wanted = entry.amount if amount is None else amount
        return worth(wanted, entry.token.decimals, entry.price)

    def _sums(
        self,
        entry: Entry,
        campaign: int | None = None,
        protocol: str | None = None,
        task: int | None = None,
    ) -> Sums:
        whose = entry.protocol if protocol is None else protocol
        key = Key(entry.at.date(), entry.wallet, entry.token.pk, campaign, whose, task)
        return self.days[key]

    def _leave_behind(self) -> None:
        """What an own wallet never got, as far as the books know, is out of their sight."""
        for waiting in self._carried.values():
            for entry, lots in waiting:
                self._sums(entry, protocol="").unknown_gains += len(lots)
        self._carried.clear()


_ORDER = {K.FEE: 0, K.OUT: 1, K.IN: 2}


def _rank(entry: Entry) -> tuple[bool, int, int, int, int]:
    place = entry.wallet, entry.token.pk, entry.amount
    return entry.account != A.OWN, _ORDER[K(entry.kind)], *place


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _disposal(entry: Entry, piece: Piece, proceeds: int | None) -> Disposal:
    lot = piece.lot
    tags = lot.campaign, lot.protocol, piece.known
    return Disposal(entry, lot.amount, lot.acquired, lot.cost, proceeds, *tags)


_OUT = {
    A.PROTOCOL: Engine._supply,
    A.BRIDGE: Engine._send_over,
    A.OWN: Engine._carry,
    A.ADJUSTMENT: Engine._write_off,
    A.OPENING: Engine._write_off,
}
_IN = {
    A.PROTOCOL: Engine._take_back,
    A.BRIDGE: Engine._arrive,
    A.OWN: Engine._put_down,
    A.AIRDROP: Engine._earn_all,
    A.INCOME: Engine._earn_all,
    A.OUTSIDE: Engine._buy,
}
