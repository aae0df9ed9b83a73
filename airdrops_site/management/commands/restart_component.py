"""Starting a part anew without the rest."""

from django.core.management.base import CommandParser

from airdrops_site.restart_component import verbs
from airdrops_site.scripted import Verb, VerbsCommand
from airdrops_site.tx.known import a_reason


def _reason(parser: CommandParser) -> None:
    parser.add_argument("--reason", type=a_reason, default="asked for", help="for the history")


def _of_lane(parser: CommandParser) -> None:
    parser.add_argument("wallet", help="by its label")
    parser.add_argument("network", help="by its slug")
    parser.add_argument("--resume", action="store_true", help="also end a pause of the lane")
    _reason(parser)


def _of_watcher(parser: CommandParser) -> None:
    parser.add_argument("network", help="by its slug")
    _reason(parser)


def _of_worker(parser: CommandParser) -> None:
    parser.add_argument("cluster", metavar="CLUSTER", help="host:pid as /health tells it, or all")
    _reason(parser)


def _of_protocol(parser: CommandParser) -> None:
    parser.add_argument("protocol", help="by its slug")
    _reason(parser)


class Command(VerbsCommand):
    """Exit code 2 and one sentence for what is refused; nothing was changed then."""

    help = "Start a part anew: a lane, a watcher, workers, a protocol; all else goes on."
    verbs = {
        "lane": Verb(verbs.lane, "take a lane from whoever works on it, and look anew", _of_lane),
        "watcher": Verb(verbs.watcher, "watch a network anew, at once", _of_watcher),
        "worker": Verb(verbs.worker, "end a cluster in order; a new one starts", _of_worker),
        "protocol": Verb(
            verbs.protocol,
            "look at its contracts and held runs; exit 1 if one is not as registered",
            _of_protocol,
        ),
    }
