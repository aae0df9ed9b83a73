"""Targets of capital and rebalances at the command line."""

from django.core.management.base import CommandParser

from airdrops_site.allocation_command import verbs
from airdrops_site.people import add_person
from airdrops_site.scripted import Verb, VerbsCommand
from airdrops_site.tx.known import a_number, a_reason
from wallets.transactions.operator import NotPossible


def _of_policy(parser: CommandParser) -> None:
    parser.add_argument("policy", help="its name")


def _of_compute(parser: CommandParser) -> None:
    _of_policy(parser)
    parser.add_argument("--dry-run", action="store_true", help="keep nothing")


def _of_propose(parser: CommandParser) -> None:
    _of_compute(parser)
    add_person(parser, required=False)


def _of_rebalance(parser: CommandParser) -> None:
    parser.add_argument("rebalance", type=a_number, help="its number")


def _of_doing(parser: CommandParser) -> None:
    _of_rebalance(parser)
    parser.add_argument("--dry-run", action="store_true", help="only show it")
    parser.add_argument("--reason", type=a_reason, help="for the history")
    add_person(parser, required=False)


def _of_refuse(parser: CommandParser) -> None:
    _of_rebalance(parser)
    parser.add_argument("--reason", type=a_reason, required=True, help="for the history")
    add_person(parser)


class Command(VerbsCommand):
    """Exit code 1: worked out, and refused (no target, or not worth its cost). 2: not done."""

    help = "Compute how capital should be spread, and rebalance it by ordinary tasks."
    refusals = (NotPossible,)
    verbs = {
        "list": Verb(verbs.show_all, "every policy, and how it stands"),
        "show": Verb(verbs.show_one, "now and target of a policy, as last computed", _of_policy),
        "compute": Verb(verbs.compute, "work a policy's target out anew", _of_compute),
        "propose": Verb(verbs.make_proposal, "work out moves, their cost and benefit", _of_propose),
        "rebalance": Verb(verbs.show_rebalance, "show a rebalance in full", _of_rebalance),
        "approve": Verb(verbs.consent, "consent to one: its tasks are made, off", _of_doing),
        "apply": Verb(verbs.carry_out, "switch the tasks of an approved one on", _of_doing),
        "refuse": Verb(verbs.turn_down, "do not do one", _of_refuse),
    }
