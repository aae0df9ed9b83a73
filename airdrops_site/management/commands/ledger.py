"""The ledger at the command line."""

from airdrops_site.ledger_command import exporting, profit
from airdrops_site.scripted import Verb, VerbsCommand


class Command(VerbsCommand):
    """Bad input ends with 2 and one sentence."""

    help = "Reckons profit from the ledger, and writes it for other programs."
    verbs = {
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
