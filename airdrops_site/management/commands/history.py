"""The history of wallets at the command line."""

from airdrops_site.history_command import scanning, verbs
from airdrops_site.scripted import Verb, VerbsCommand
from analytics.chain_history.scope import HistoryError


class Command(VerbsCommand):
    """Exit code 2 and one sentence for what is refused; 130 for a scan that was stopped."""

    help = "Read what wallets did from a chain or an explorer's file, and show what is known."
    refusals = (HistoryError,)
    verbs = {
        "scan": Verb(scanning.run, "read blocks from a network's nodes", scanning.arguments),
        "import": Verb(
            verbs.import_one, "take over an explorer's file, all or nothing", verbs.import_arguments
        ),
        "show": Verb(verbs.show, "what is known, of which blocks", verbs.show_arguments),
        "price": Verb(verbs.price, "fill in what later prices make known"),
    }
