"""A file of payments: all of them can be, or none becomes a line."""

import csv
from collections.abc import Iterator
from pathlib import Path

from airdrops_site.answers import BadInput
from airdrops_site.plans_command.named import (
    network_of,
    recipient_of,
    token_of,
    units_of,
    wallet_of,
)
from scheduling.plans.making import MOST_LINES, Payment
from wallets.transactions.operator import NotPossible

COLUMNS = ("wallet", "network", "token", "amount", "to", "purpose")
MOST_SHOWN = 5


def read_payments(path: str) -> list[Payment]:
    """What a CSV with these columns says, or BadInput that names the bad lines."""
    payments: list[Payment] = []
    wrong: list[str] = []
    for place, row in enumerate(_rows(path), 2):
        if len(payments) + len(wrong) >= MOST_LINES:
            raise BadInput(f"{path} has more than {MOST_LINES} lines; make several plans")
        try:
            payments.append(_payment(row))
        except (BadInput, NotPossible) as error:
            wrong.append(f"line {place}: {error}")
    if wrong:
        more = f" and {len(wrong) - MOST_SHOWN} more" if len(wrong) > MOST_SHOWN else ""
        raise BadInput("; ".join(wrong[:MOST_SHOWN]) + more)
    return payments


def _rows(path: str) -> Iterator[dict[str, str]]:
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise BadInput(f"{path} begins with other columns than {','.join(COLUMNS)}")
            yield from reader
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path} cannot be read: {error}") from error


def _payment(row: dict[str, str]) -> Payment:
    if None in row or None in row.values():
        raise BadInput(f"it has not exactly {len(COLUMNS)} values")
    network = network_of(row["network"].strip())
    token = token_of(network, row["token"].strip())
    return Payment(
        wallet=wallet_of(row["wallet"].strip()),
        token=token,
        amount=units_of(row["amount"], token),
        recipient=recipient_of(row["to"].strip(), network),
        purpose=row["purpose"].strip(),
    )
