"""What Koinly, CoinTracking, CoinTracker and rotki read; sources are in docs/profit.md."""

from collections.abc import Iterator, Sequence

from analytics.exports.cells import Cell, csv_of
from analytics.exports.moves import Move, Side, moves
from analytics.exports.wanted import Wanted
from analytics.models import LedgerEntry

A = LedgerEntry.Account
_KOINLY = (
    "Date",
    "Sent Amount",
    "Sent Currency",
    "Received Amount",
    "Received Currency",
    "Fee Amount",
    "Fee Currency",
    "Net Worth Amount",
    "Net Worth Currency",
    "Label",
    "Description",
    "TxHash",
)
_COINTRACKING = (
    *("Type", "Buy", "Cur.", "Sell", "Cur.", "Fee", "Cur."),
    *("Exchange", "Group", "Comment", "Date"),
)
_COINTRACKER = (
    "Date",
    "Received Quantity",
    "Received Currency",
    "Sent Quantity",
    "Sent Currency",
    "Fee Amount",
    "Fee Currency",
    "Tag",
)
_EVENTS = (
    *("Type", "Location", "Currency", "Amount"),
    *("Fee", "Fee Currency", "Description", "Timestamp"),
)
_TRADES = (
    *("Location", "Base Currency", "Quote Currency", "Type", "Buy Amount", "Sell Amount"),
    *("Fee", "Fee Currency", "Description", "Timestamp"),
)


def koinly(wanted: Wanted) -> Iterator[bytes]:
    """Koinly's universal format: one file of everything."""
    rows = (
        (
            f"{one.at:%Y-%m-%d %H:%M:%S} UTC",
            *_pair(one.sent),
            *_pair(one.received),
            *_pair(one.fee),
            one.usd,
            "" if one.usd is None else "USD",
            _koinly_label(one),
            one.description,
            one.hash,
        )
        for one in moves(wanted)
    )
    return csv_of(_KOINLY, rows)


def _koinly_label(one: Move) -> str:
    came = one.received is not None
    if one.action.startswith("borrow"):
        return "loan"
    if one.action.startswith("repay"):
        return "loan repayment"
    match one.account:
        case A.AIRDROP:
            return "airdrop"
        case A.INCOME:
            return "reward"
        case A.FEE:
            return "cost"
        case A.PROTOCOL:
            return "remove from pool" if came else "add to pool"
    return ""


def cointracking(wanted: Wanted) -> Iterator[bytes]:
    """CoinTracking's own list of trades; rotki reads it too."""
    rows = (
        (
            _cointracking_type(one),
            *_pair(one.received),
            *_pair(one.sent),
            *_pair(one.fee),
            one.wallet,
            one.network,
            one.description,
            f"{one.at:%d.%m.%Y %H:%M:%S}",
        )
        for one in moves(wanted)
    )
    return csv_of(_COINTRACKING, rows)


def _cointracking_type(one: Move) -> str:
    if one.sent and one.received:
        return "Trade"
    match one.account:
        case A.AIRDROP:
            return "Airdrop"
        case A.INCOME:
            return "Income"
        case A.FEE:
            return "Other Fee"
    return "Deposit" if one.received else "Withdrawal"


def cointracker(wanted: Wanted) -> Iterator[bytes]:
    """CoinTracker's template."""
    rows = (
        (
            f"{one.at:%m/%d/%Y %H:%M:%S}",
            *_pair(one.received),
            *_pair(one.sent),
            *_pair(one.fee),
            "airdrop" if one.account == A.AIRDROP else "",
        )
        for one in moves(wanted)
    )
    return csv_of(_COINTRACKER, rows)


def rotki_events(wanted: Wanted) -> Iterator[bytes]:
    """rotki's generic events: all that is no exchange."""
    rows = (
        (_event_type(one), "external", *_event(one), *_pair(one.fee), one.description, _ms(one))
        for one in moves(wanted)
        if not (one.sent and one.received)
    )
    return csv_of(_EVENTS, rows)


def _event(one: Move) -> Sequence[Cell]:
    amount, symbol = _pair(one.received or one.sent)
    return symbol, amount


def _event_type(one: Move) -> str:
    match one.account:
        case A.AIRDROP | A.INCOME:
            return "Income"
        case A.FEE:
            return "Spend"
        case A.OUTSIDE if one.sent:
            return "Spend"
    return "Deposit" if one.received else "Withdrawal"


def rotki_trades(wanted: Wanted) -> Iterator[bytes]:
    """rotki's generic trades: the exchanges."""
    rows = (
        (
            "external",
            one.received.symbol,
            one.sent.symbol,
            "Buy",
            one.received.amount,
            one.sent.amount,
            *_pair(one.fee),
            one.description,
            _ms(one),
        )
        for one in moves(wanted)
        if one.sent and one.received
    )
    return csv_of(_TRADES, rows)


def _ms(one: Move) -> int:
    return int(one.at.timestamp() * 1000)


def _pair(side: Side | None) -> tuple[Cell, Cell]:
    return (None, "") if side is None else (side.amount, side.symbol)
