"""Tasks at the command line."""

from django.core.management.base import CommandParser

from airdrops_site.scripted import Verb, VerbsCommand
from airdrops_site.tasks_command import creating, doing, dry, files, showing
from airdrops_site.tasks_command.scope import a_moment, add_filters, add_names
from airdrops_site.tx.known import a_limit, a_reason
from protocols.actions import PlanError
from scheduling.models import Pause
from scheduling.schedule import ScheduleError
from scheduling.services import TaskUnderWay


def _reason(parser: CommandParser) -> None:
    parser.add_argument("--reason", type=a_reason, required=True, help="for the history")


def _of_list(parser: CommandParser) -> None:
    add_filters(parser)
    parser.add_argument("--limit", type=a_limit, default=200)


def _of_one(parser: CommandParser) -> None:
    parser.add_argument("name", metavar="NAME")


def _of_run(parser: CommandParser) -> None:
    _of_one(parser)
    parser.add_argument("--wallet", default="", help="only with this one, by its label")


def _of_run_now(parser: CommandParser) -> None:
    _of_run(parser)
    parser.add_argument("--reason", default="", help="for the history")


def _of_delete(parser: CommandParser) -> None:
    _of_one(parser)
    _reason(parser)


def _of_several(parser: CommandParser) -> None:
    add_names(parser)
    _reason(parser)


def _of_cancel(parser: CommandParser) -> None:
    _of_several(parser)
    parser.add_argument("--and-pending", action="store_true", help="also what is signed, on chain")
    parser.add_argument("--give-up", action="store_true", help="also what waits for another chain")


def _of_pause(parser: CommandParser) -> None:
    parser.add_argument("scope", choices=Pause.Scope.values)
    parser.add_argument("value", nargs="?", default="", metavar="NAME", help="of what is paused")
    _reason(parser)


def _of_retry(parser: CommandParser) -> None:
    add_filters(parser)
    parser.add_argument(
        "--since", type=a_moment, help="only what failed since then: 2d, 12h, 2026-01-31T09:00"
    )
    parser.add_argument("--reason", type=a_reason, default="asked for", help="for the history")
    parser.add_argument("--dry-run", action="store_true", help="only say which they are")


class Command(VerbsCommand):
    """Exit code 2 and one sentence for what is refused; nothing was changed then."""

    help = "List, show, run, try out, switch, pause and write down tasks."
    refusals = (TaskUnderWay, ScheduleError, PlanError)
    verbs = {
        "list": Verb(showing.show_all, "all, or those that fit", _of_list),
        "show": Verb(showing.show_one, "one: wallets, next due times, last runs", _of_one),
        "run": Verb(doing.run, "a run of one now, with each of its wallets", _of_run_now),
        "dry-run": Verb(
            dry.dry, "what a run would do now; exit 1 if any would not go through", _of_run
        ),
        "create": Verb(creating.create, "a new one", creating.add_arguments),
        "delete": Verb(doing.delete, "one that never was due", _of_delete),
        "enable": Verb(doing.enable, "switch on", _of_several),
        "disable": Verb(doing.disable, "switch off; what is under way goes on", _of_several),
        "pause": Verb(doing.pause, "begin nothing new in a scope", _of_pause),
        "resume": Verb(doing.resume, "end the pause of that scope", _of_pause),
        "retry-failed": Verb(
            doing.retry, "try failed runs again; exit 1 if some may not be", _of_retry
        ),
        "cancel": Verb(doing.cancel, "cancel the unfinished runs of tasks", _of_cancel),
        "export": Verb(files.export, "write tasks as TOML", files.of_export),
        "apply": Verb(files.apply, "make tasks what a TOML file says", files.of_apply),
    }
