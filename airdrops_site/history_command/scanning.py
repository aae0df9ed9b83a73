"""`history scan`: read blocks for wallets, with the progress on standard error."""

from typing import Any

from django.core.management.base import CommandParser

from airdrops_site.allowances.verbs import tell
from airdrops_site.answers import Answer, BadInput
from airdrops_site.history_command.scope import add_arguments, network_of, wallets_of
from airdrops_site.tx.known import a_number
from analytics.chain_history.accounts import NoArchive, require_states
from analytics.chain_history.pricing import price_history_rows
from analytics.chain_history.reading import Way
from analytics.chain_history.scanning import Progress, Wanted, final_block, missing, scan
from wallets.chain.client import NetworkClient
from wallets.models import Wallet

INTERRUPTED = 130
# Reading so many blocks one by one is quicker than looking for the ones that matter.
FEW_BLOCKS = 500
# More are not read one by one unless that is asked for: days of work for a node.
MANY_BLOCKS = 100_000


def arguments(parser: CommandParser) -> None:
    """Which blocks, and how they are read."""
    add_arguments(parser)
    parser.add_argument("--from-block", type=a_number, help="the first; 0 without")
    parser.add_argument("--to-block", type=a_number, help="the last; the newest final one without")
    parser.add_argument("--every-block", action="store_true", help="need no archive of old states")
    parser.add_argument("--again", action="store_true", help="read also what was read before")
    parser.add_argument(
        "--not-final", action="store_true", help="also blocks that may still be undone"
    )


def run(options: dict[str, Any]) -> tuple[Answer, int]:
    """Read what is missing; a scan that was stopped is gone on with by the same command."""
    network, wallets = network_of(options), wallets_of(options)
    client = NetworkClient(network)
    last_final = final_block(client)
    final = last_final.number
    first, last = _blocks(options, client, final)
    wanted = Wanted(wallets, first, last, again=options["again"])
    way = _way(client, wanted, every_block=options["every_block"])
    wanted = Wanted(wallets, first, last, way=way, again=options["again"])
    latest: list[Progress] = []

    def report(progress: Progress) -> None:
        latest[:] = [progress]
        tell(
            f"{network.slug}: {progress.blocks_done:,} of {progress.blocks:,} blocks, "
            f"{progress.transactions:,} transactions, {progress.transfers:,} transfers"
        )

    try:
        done = scan(wanted, client, final=final, final_at=last_final.at, report=report)
    except KeyboardInterrupt:
        sentence = "stopped; what was read is kept, and the same command goes on from there"
        return _answer(
            network.slug, wallets, latest[0] if latest else Progress(), sentence
        ), INTERRUPTED
    if done is None:
        raise BadInput(f"another process reads the history of {network.slug} now; try again later")
    price_history_rows(network_id=network.pk)
    return _answer(network.slug, wallets, done, f"read up to block {last:,}"), 0


def _blocks(options: dict[str, Any], client: NetworkClient, final: int) -> tuple[int, int]:
    newest = client.block("latest").number if options["not_final"] else final
    first, last = options["from_block"] or 0, options["to_block"]
    if last is None:
        last = newest
    if last > newest:
        kind = "newest" if options["not_final"] else "newest final"
        raise BadInput(f"the {kind} block is {newest}; write a --to-block up to it")
    if first > last:
        raise BadInput(f"there is no block from {first} to {last}")
    return first, last


def _way(client: NetworkClient, wanted: Wanted, *, every_block: bool) -> Way:
    """Old states where nodes keep them: a wallet of few transactions costs few questions."""
    parts = missing(client.network, wanted)
    blocks = sum(last - first + 1 for first, last in parts)
    if every_block or blocks <= FEW_BLOCKS:
        return Way.EVERY_BLOCK
    try:
        require_states(client, min(first for first, _ in parts))
    except NoArchive as error:
        if blocks > MANY_BLOCKS:
            raise BadInput(f"{error} ({blocks:,} blocks)") from error
        tell(f"{error}; {blocks:,} blocks are read one by one")
        return Way.EVERY_BLOCK
    return Way.OLD_STATES


def _answer(slug: str, wallets: list[Wallet], progress: Progress, sentence: str) -> Answer:
    facts = {
        "network": slug,
        "wallets": len(wallets),
        "done": progress.done,
        "blocks": progress.blocks_done,
        "transactions": progress.transactions,
        "transfers": progress.transfers,
        "problems": progress.problems,
    }
    said = (
        f"{slug}: {sentence}; {progress.transactions:,} transactions and "
        f"{progress.transfers:,} transfers were new or better known"
    )
    return Answer(facts, (said, *progress.problems))
