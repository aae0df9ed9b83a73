"""The books of the run are opened as an operator would."""

from analytics.books.opening import Opening, open_books
from tests.bench.books.ground import Books
from wallets.chain.client import NetworkClient


def open_all(books: Books) -> list[Opening]:
    """An opening for everything that is there already."""
    return [
        opening
        for wallet in books.every
        for opening in open_books(
            wallet=wallet,
            network=books.network,
            client=NetworkClient(books.network),
            actor="bench",
            reason="what the devnet gave",
        )
    ]
