"""What a wallet had before the books began, and what it cost as far as anybody says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from django.db import transaction as database
from django.db.models import Min

from analytics.books.beside import Line, holding_of, put_beside
from analytics.models import LedgerEntry
from analytics.selectors import valid_entries
from wallets.amounts import show_amount
from wallets.chain.client import Block, NetworkClient
from wallets.chain.errors import ChainError
from wallets.chain.holdings import read_balances
from wallets.models import Network, Token, Wallet
from wallets.price_history import price_at
from wallets.prices import worth_at

Account = LedgerEntry.Account
ORDINAL = 1


class NotOpened(Exception):
    """The books of this wallet cannot be opened so; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Base units of a token, when, and what they cost in US cents; None is unknown."""

    wallet: Wallet
    token: Token
    amount: int
    block_number: int
    at: datetime
    cost_cents: int | None


def open_books(
    *,
    wallet: Wallet,
    network: Network,
    client: NetworkClient,
    actor: str,
    reason: str,
    costs: Mapping[int, int] | None = None,
    at_price: bool = False,
    dry_run: bool = False,
) -> list[Opening]:
    """Enter what the chain has at a final block beyond what the books say up to there.

    It stands before the wallet's first entry of the token. `costs` are US cents by token; without
    one, the price of the time with `at_price`, else unknown. NotOpened, and nothing is written,
    where a balance is unknown, the books have more than the chain, or a node that keeps old states
    says that it was not all there at that block. Again it changes nothing.
    """
    beside = put_beside(network=network, client=client, wallets=[wallet])
    if beside.block is None:
        raise NotOpened(f"{network.slug} cannot be read: {beside.problem}")
    lines = [line for line in beside.lines if not line.is_equal]
    for line in lines:
        _require_openable(line)
    found = _openings(wallet, client, lines, beside.block, costs or {}, at_price=at_price)
    _require_there(client, found)
    if not dry_run:
        _enter(found, actor, reason)
    return found


def _require_openable(line: Line) -> None:
    if line.difference is None:
        raise NotOpened(f"the balance of {line.token} is unknown: the chain gave no number")
    if line.difference < 0:
        missing = show_amount(-line.difference, line.token.decimals, line.token.symbol)
        raise NotOpened(
            f"the books have {missing} more than the chain: that was not there before; "
            "`ledger reconcile` looks for what is missing"
        )
    rows = valid_entries().filter(wallet=line.wallet, token=line.token, account=Account.OPENING)
    if rows.exists():
        raise NotOpened(
            f"{line.token} of {line.wallet} is opened already and differs all the same; "
            "`ledger reconcile` looks for what is missing"
        )


def _openings(
    wallet: Wallet,
    client: NetworkClient,
    lines: Sequence[Line],
    final: Block,
    costs: Mapping[int, int],
    *,
    at_price: bool,
) -> list[Opening]:
    numbers = _before(wallet, lines, final.number)
    blocks = {number: client.block(number) for number in {*numbers.values()}}
    found = []
    for line in lines:
        number = numbers[line.token.pk]
        at = blocks[number].at
        cost = costs.get(line.token.pk)
        if cost is None and at_price:
            cost = _worth(line, at)
        found.append(Opening(wallet, line.token, line.difference or 0, number, at, cost))
    return found


def _before(wallet: Wallet, lines: Sequence[Line], final: int) -> dict[int, int]:
    """By token the block before the wallet's first entry of it; the final one without any."""
    entries = valid_entries().filter(wallet=wallet, token__in=[line.token for line in lines])
    first = dict(entries.values("token").annotate(n=Min("block_number")).values_list("token", "n"))
    return {
        line.token.pk: min(final, max(0, first.get(line.token.pk, final + 1) - 1)) for line in lines
    }


def _require_there(client: NetworkClient, found: Sequence[Opening]) -> None:
    """What the books miss behind the opening's block was not there before: it would count twice."""
    for number in sorted({one.block_number for one in found}):
        asked = [one for one in found if one.block_number == number]
        for one, amount in zip(asked, _had(client, asked, number), strict=True):
            if amount not in (None, one.amount):
                raise NotOpened(
                    f"the books miss something of {one.token} that came or went behind block "
                    f"{number}; `ledger reconcile --repair` finds it, then open again"
                )


def _had(client: NetworkClient, asked: Sequence[Opening], number: int) -> Sequence[int | None]:
    """What was there at a block; unknown where no node keeps a state that old."""
    try:
        return read_balances(
            client, [holding_of(o.wallet, o.token) for o in asked], at=number
        ).amounts
    except ChainError:
        return [None] * len(asked)


def _worth(line: Line, at: datetime) -> int | None:
    """US cents at the price of the time; None where nobody said one."""
    value = worth_at(line.difference or 0, line.token, price_at(line.token, at))
    return None if value is None else int((value * 100).quantize(Decimal(1), ROUND_HALF_EVEN))


def _enter(found: list[Opening], actor: str, reason: str) -> None:
    with database.atomic():
        LedgerEntry.objects.bulk_create(
            LedgerEntry(
                wallet=one.wallet,
                token=one.token,
                kind=LedgerEntry.Kind.IN,
                amount=one.amount,
                account=Account.OPENING,
                cost_cents=one.cost_cents,
                block_number=one.block_number,
                occurred_at=one.at,
                reason=reason,
                booked_by=actor,
                ordinal=ORDINAL,
                status=LedgerEntry.Status.FINAL,
            )
            for one in found
        )
