"""The ledger as rows: every entry that counts, with what it was worth at its time."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from analytics.basis.entries import Entry
from analytics.exports.cells import Cell, amount_of, csv_of, worth_of
from analytics.exports.wanted import Names, Wanted
from wallets.prices import plain

COLUMNS = (
    "time",
    "network",
    "wallet",
    "wallet_address",
    "kind",
    "token",
    "token_address",
    "amount",
    "base_units",
    "usd",
    "account",
    "counterparty",
    "protocol",
    "campaign",
    "task",
    "status",
    "transaction",
    "block",
    "entry",
)
BATCH = 500


def rows(wanted: Wanted) -> Iterator[Sequence[Cell]]:
    """In the order of COLUMNS; US dollars are None where no price of the time is known."""
    names = Names()
    for entry in wanted.entries():
        yield _row(entry, names)


def _row(entry: Entry, names: Names) -> Sequence[Cell]:
    label, address = names.wallets[entry.wallet]
    token = entry.token
    return (
        entry.at,
        token.network.slug,
        label,
        address,
        entry.kind,
        token.symbol,
        token.address,
        amount_of(entry.amount, token.decimals),
        entry.amount,
        worth_of(entry.worth),
        entry.account,
        entry.counterparty,
        entry.protocol,
        names.campaigns.get(entry.campaign or 0, ""),
        names.tasks.get(entry.task or 0, ""),
        "provisional" if entry.provisional else "final",
        entry.hash,
        entry.block or None,
        entry.pk,
    )


def as_csv(wanted: Wanted) -> Iterator[bytes]:
    """With a header."""
    return csv_of(COLUMNS, rows(wanted))


def as_json_lines(wanted: Wanted) -> Iterator[bytes]:
    """One object a line."""
    yield from _batches(wanted, "", "\n", "\n")


def as_json(wanted: Wanted) -> Iterator[bytes]:
    """One array, an object a line."""
    yield b"[\n"
    yield from _batches(wanted, "", ",\n", "\n")
    yield b"]\n"


def _batches(wanted: Wanted, before: str, between: str, end: str) -> Iterator[bytes]:
    lines: list[str] = []
    for row in rows(wanted):
        lines.append(json.dumps(dict(zip(COLUMNS, map(_json, row), strict=True))))
        if len(lines) == BATCH:
            yield (before + between.join(lines)).encode()
            lines, before = [], between
    if lines:
        yield (before + between.join(lines)).encode()
        before = between
    if before:
        yield end.encode()


def _json(cell: Cell) -> object:
    """Numbers as text, exact in any reader; null for unknown."""
    if isinstance(cell, datetime):
        return cell.isoformat()
    return cell if cell is None or isinstance(cell, str) else plain_text(cell)


def plain_text(cell: int | Decimal) -> str:
    """A number with every digit."""
    return str(cell) if isinstance(cell, int) else plain(cell)
