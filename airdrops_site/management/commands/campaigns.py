"""Campaigns at the command line."""

from typing import Any

from airdrops_site.campaigns_command import arguments, doing, files, showing
from airdrops_site.scripted import Verb, VerbsCommand


class Command(VerbsCommand):
    """Exit code 2 and one sentence for what is refused; nothing was changed then."""

    help = "Campaigns: who is entitled, what came, what it is worth; export, import and count them."
    verbs = {
        "list": Verb(showing.show_all, "all with their status and sums", arguments.of_list),
        "show": Verb(showing.show_one, "one with each of its wallets", arguments.of_one),
        "count": Verb(showing.count, "how many records there are", arguments.of_count),
        "export": Verb(
            files.export, "campaigns, eligibilities and claims as a file", arguments.of_export
        ),
        "import": Verb(
            files.import_file, "what such a file says, all or none", arguments.of_import
        ),
        "entitle": Verb(
            files.entitle_list,
            "read who is entitled from a published list (CSV, JSON, Merkle file)",
            arguments.of_entitle,
        ),
        "status": Verb(doing.set_status, "say how one stands", arguments.of_status),
        "receipts": Verb(
            doing.find_receipts,
            "find what came from campaigns in what the chain told",
            arguments.of_receipts,
        ),
        "receive": Verb(
            doing.receive, "say that ledger entries are receipts of one", arguments.of_receive
        ),
    }

    def do(self, options: dict[str, Any]) -> None:
        """An export without a file goes to the screen piece by piece."""
        super().do({**options, "out": self.stdout})
