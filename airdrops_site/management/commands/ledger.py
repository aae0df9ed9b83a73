"""The books at the command line."""

from airdrops_site.ledger_command import exporting, profit, reconciling
from airdrops_site.scripted import Verb, VerbsCommand


class Command(VerbsCommand):
    """Exit code 1: books and chain differ, or a balance is unknown; 2: refused, nothing done."""

    help = "Put the books beside the chain, and reckon profit from them for people and programs."
    verbs = {
        "balances": Verb(
            reconciling.show_balances,
            "what books and chain have of every wallet and token, at one final block",
            reconciling.of_balances,
        ),
        "reconcile": Verb(
            reconciling.reconcile,
            "the same, with the cause of every difference; put right with --repair",
            reconciling.of_reconcile,
        ),
        "open": Verb(
            reconciling.open_wallet,
            "enter what a wallet had before the books began",
            reconciling.of_open,
        ),
        "adjust": Verb(
            reconciling.adjust_line,
            "set right what nothing explains, with your reason",
            reconciling.of_adjust,
        ),
        "book": Verb(
            reconciling.book_told_again,
            "book again what the chain told, for instance after a token was registered",
            reconciling.of_book,
        ),
        "profit": Verb(
            profit.show_profit, "by wallet and token: cost, worth, realised", profit.of_profit
        ),
        "roi": Verb(profit.show_roi, "what was laid out, what it brought", profit.of_roi),
        "unpriced": Verb(
            profit.show_unpriced, "prices of the past that are missing", profit.of_unpriced
        ),
        "prices": Verb(profit.take_prices, "take such prices from a file", profit.of_prices),
        "export": Verb(exporting.export, "as a file of some format", exporting.of_export),
    }
