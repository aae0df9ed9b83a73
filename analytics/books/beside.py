"""The books beside the chain: every wallet and token of a network at one final block."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from analytics.booking import catch_up
from analytics.chain_history.scanning import final_block
from analytics.models import LedgerEntry
from analytics.selectors import valid_entries
from wallets.addresses import parse_address
from wallets.amounts import SumAmount
from wallets.chain.client import Block, NetworkClient
from wallets.chain.errors import ChainError
from wallets.chain.holdings import Holding, read_balances
from wallets.models import Network, Token, Wallet

# Wallet and token.
Cell = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Line:
    """Base units; what the chain has is None where it could not be read."""

    wallet: Wallet
    token: Token
    books: int
    chain: int | None

    @property
    def is_equal(self) -> bool:
        """To the wei; unknown is not equal."""
        return self.chain == self.books

    @property
    def difference(self) -> int | None:
        """How much more the chain has than the books."""
        return None if self.chain is None else self.chain - self.books


@dataclass(frozen=True, slots=True)
class Beside:
    """A network's lines; without a block nobody answered, and why is the problem."""

    network: Network
    block: Block | None
    lines: tuple[Line, ...]
    problem: str = ""

    @property
    def different(self) -> list[Line]:
        """Lines that are not known to be equal."""
        return [line for line in self.lines if not line.is_equal]


def put_beside(
    *, network: Network, client: NetworkClient, wallets: Sequence[Wallet], at: Block | None = None
) -> Beside:
    """All of them at one final block; where that cannot be read everything is unknown.

    So it is while the books are behind what the database knows, which is booked first.
    """
    tokens = tokens_of_books(network)
    pairs = [(wallet, token) for wallet in wallets for token in tokens]
    try:
        block = at or final_block(client)
        found = read_balances(client, [holding_of(*pair) for pair in pairs], at=block.number)
    except ChainError as error:
        return _unknown(network, pairs, str(error))
    # After the chain was read: what is noticed from now on may be of a later block.
    if not catch_up():
        return _unknown(network, pairs, "the books are behind what was done; ask again")
    sums = book_balances(network, found.block.number)
    lines = (
        Line(one, two, sums[one.pk, two.pk], amount)
        for (one, two), amount in zip(pairs, found.amounts, strict=True)
    )
    return Beside(network, found.block, tuple(lines))


def _unknown(network: Network, pairs: Sequence[tuple[Wallet, Token]], why: str) -> Beside:
    sums = book_balances(network, None)
    lines = (Line(one, two, sums[one.pk, two.pk], None) for one, two in pairs)
    return Beside(network, None, tuple(lines), why)


def tokens_of_books(network: Network) -> list[Token]:
    """Enabled ones, and whatever else the books have an entry of."""
    booked = LedgerEntry.objects.filter(token__network=network).order_by().values("token")
    rows = Token.objects.filter(network=network)
    return list((rows.filter(enabled=True) | rows.filter(pk__in=booked)).order_by("symbol", "pk"))


def book_balances(
    network: Network, until: int | None, *, wallets: Iterable[int] | None = None
) -> dict[Cell, int]:
    """What the books say of each wallet and token, up to and with a block; one question."""
    rows = valid_entries().filter(token__network=network)
    if until is not None:
        rows = rows.filter(block_number__lte=until)
    if wallets is not None:
        rows = rows.filter(wallet__in=list(wallets))
    grouped = rows.values("wallet", "token", "kind").annotate(total=SumAmount("amount"))
    sums: dict[Cell, int] = defaultdict(int)
    for wallet, token, kind, total in grouped.values_list("wallet", "token", "kind", "total"):
        sums[wallet, token] += total if kind == LedgerEntry.Kind.IN else -total
    return sums


def holding_of(wallet: Wallet, token: Token) -> Holding:
    """What a node is asked about a wallet's balance of a token."""
    return Holding(
        parse_address(wallet.address), parse_address(token.address) if token.address else None
    )
