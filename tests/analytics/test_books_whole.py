"""A mixed run with everything that goes wrong, kills apart, and the books beside the chain."""

from pathlib import Path

import pytest

from analytics.books.beside import put_beside
from analytics.models import LedgerEntry
from analytics.selectors import valid_entries
from tests.bench.books.ground import lay_books
from tests.bench.books.openings import open_all
from tests.bench.books.play import on_chain, play
from tests.bench.books.verdict import differences, final_block, read_chain
from tests.market import Market
from wallets.amounts import SumAmount
from wallets.chain.client import NetworkClient

pytestmark = [pytest.mark.django_db]

TRANSACTIONS = 150


def sums(**which: object) -> dict[tuple[int, str], int]:
    """By token and kind."""
    rows = valid_entries().filter(**which).values("token", "kind")
    totals = rows.annotate(total=SumAmount("amount")).values_list("token", "kind", "total")
    return {(token, kind): total for token, kind, total in totals}


def test_the_books_end_as_the_chain_has_it_to_the_wei(market: Market, keystores: Path) -> None:
    books = lay_books(market, wallets=5, seed=7)
    open_all(books)
    begun = final_block(books)
    play(books, TRANSACTIONS, kills=False, say=lambda _: None)
    block = final_block(books)
    read_chain(books, begun + 1, block)
    assert on_chain(books) >= TRANSACTIONS
    assert differences(books, block) == []
    client = NetworkClient(books.network)
    beside = put_beside(network=books.network, client=client, wallets=books.every)
    assert (beside.different, len(beside.lines)) == ([], 30)
    own = sums(account=LedgerEntry.Account.OWN)
    assert own
    assert all(own[one, "in"] == own[one, "out"] for one, _ in own)
