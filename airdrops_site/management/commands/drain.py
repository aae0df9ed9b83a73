"""Draining before a shutdown, at the command line."""

from django.core.management.base import CommandParser

from airdrops_site.answers import Answer
from airdrops_site.people import shell_actor
from airdrops_site.scripted import Options, Verb, VerbsCommand
from airdrops_site.tx.known import a_reason
from scheduling.shutdown import end_drain, still_pending
from wallets.drain import drain_reason, start_draining


def _reason(parser: CommandParser) -> None:
    parser.add_argument("--reason", type=a_reason, required=True, help="for the history")


def _start(options: Options) -> Answer:
    start_draining(actor=shell_actor(), reason=options["reason"])
    return _status(options)


def _stop(options: Options) -> Answer:
    end_drain(actor=shell_actor(), reason=options["reason"])
    return _status(options)


def _status(_options: Options) -> Answer:
    reason, pending = drain_reason(), still_pending()
    facts = {"draining": bool(reason), "reason": reason, **pending.as_facts()}
    return Answer(facts, (reason or "not draining", str(pending)))


class Command(VerbsCommand):
    """Exit code 2 and one sentence for what is refused; nothing was changed then."""

    help = "Have all workers begin nothing new, while what is signed is seen to its end."
    verbs = {
        "start": Verb(_start, "nothing new is signed, begun or made due", _reason),
        "stop": Verb(_stop, "go on as before", _reason),
        "status": Verb(_status, "whether it drains, and what is pending"),
    }
