"""The books beside the chain: every wallet and every token, at one block, to the wei."""

from collections import defaultdict
from typing import Any

from analytics.books.reading import book_everything, book_news
from analytics.models import LedgerEntry
from analytics.selectors import valid_entries
from tests.bench.books.chain import Reader, held
from tests.bench.books.ground import FINAL_DEPTH, Books, tokens_of
from wallets.amounts import SumAmount
from wallets.models import Token, Wallet

Cell = tuple[int, int]


def final_block(books: Books) -> int:
    """The newest block that nothing takes back."""
    return int(books.call("eth_blockNumber"), 16) - FINAL_DEPTH + 1


def read_chain(books: Books, first: int, last: int) -> None:
    """What the chain tells of all wallets in these blocks, into the books."""
    wallets = {wallet.address: wallet for wallet in books.every}
    Reader(books.market.rpc, books.network, wallets).read(first, last)
    book_news()
    book_everything()


def differences(books: Books, block: int) -> list[dict[str, Any]]:
    """Every cell in which books and chain are not the same."""
    wallets, told = books.every, booked(block)
    found = []
    for token in tokens_of(books.network):
        for wallet, chain in zip(
            wallets, held(books.market.rpc, token, wallets, block), strict=True
        ):
            if told[wallet.pk, token.pk] != chain:
                found.append(_cell(wallet, token, told[wallet.pk, token.pk], chain))
    return found


def _cell(wallet: Wallet, token: Token, told: int, chain: int) -> dict[str, Any]:
    return {"wallet": wallet.label, "token": token.symbol, "books": told, "chain": chain}


def booked(block: int) -> dict[Cell, int]:
    """What the books say of each wallet and token up to a block."""
    sums: dict[Cell, int] = defaultdict(int)
    rows = valid_entries().filter(block_number__lte=block).values("wallet", "token", "kind")
    for wallet, token, kind, total in rows.annotate(total=SumAmount("amount")).values_list(
        "wallet", "token", "kind", "total"
    ):
        sums[wallet, token] += total if kind == LedgerEntry.Kind.IN else -total
    return sums
