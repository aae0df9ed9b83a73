"""Which tasks and runs are meant by what was typed."""

import argparse
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from airdrops_site.answers import BadInput
from airdrops_site.tx.known import require_network, require_protocol, require_wallet
from analytics.models import Campaign
from scheduling.models import Run, Task
from scheduling.states import RunState
from wallets.models import WalletTag

Options = dict[str, Any]
_AGO = re.compile(r"([0-9]{1,6})([smhdw])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
# A task's own, then those its runs are in.
STATES = ("enabled", "disabled", *RunState.values)


def add_filters(parser: CommandParser) -> None:
    """What tasks may be chosen by; all of them must fit."""
    parser.add_argument("--protocol", default="", help="only of this one, by its slug")
    parser.add_argument("--network", default="", help="only there, by its slug")
    parser.add_argument("--wallet", default="", help="only with this one, by its label")
    parser.add_argument("--tag", default="", help="only with wallets of this tag")
    parser.add_argument("--campaign", default="", help="only of this campaign, by its slug")
    parser.add_argument(
        "--state", choices=STATES, default="", help="enabled, disabled, or a state of its runs"
    )


def chosen(options: Options) -> QuerySet[Task]:
    """The tasks that fit the filters, by name."""
    _require_known(options)
    rows = Task.objects.select_related("protocol", "network")
    wanted = {"protocol__slug": options["protocol"], "network__slug": options["network"]}
    wanted["campaigns__slug"] = options["campaign"]
    rows = rows.filter(**{name: value for name, value in wanted.items() if value})
    if options["wallet"]:
        rows = rows.filter(_with_wallet("wallets__label", options["wallet"]))
    if options["tag"]:
        rows = rows.filter(_with_wallet("wallets__tags__name", options["tag"]))
    return _in_state(rows, options["state"]).distinct().order_by("name")


def _with_wallet(path: str, value: str) -> Q:
    """In the list of the task, or in a group or under a tag of it."""
    ends = path.removeprefix("wallets__")
    return (
        Q(**{path: value})
        | Q(**{f"groups__wallets__{ends}": value})
        | Q(**{f"tags__wallets__{ends}": value})
    )


def _in_state(rows: QuerySet[Task], state: str) -> QuerySet[Task]:
    match state:
        case "":
            return rows
        case "enabled" | "disabled":
            return rows.filter(enabled=state == "enabled")
    return rows.filter(pk__in=Run.objects.filter(state=state).order_by().values("task"))


def _require_known(options: Options) -> None:
    require_protocol(options["protocol"])
    require_network(options["network"])
    require_wallet(options["wallet"])
    _require(WalletTag, "tag", "name", options["tag"])
    _require(Campaign, "campaign", "slug", options["campaign"])


def _require(model: Any, kind: str, field: str, value: str) -> None:
    if value and not model.objects.filter(**{field: value}).exists():
        raise BadInput(f"there is no {kind} {value}")


def add_names(parser: CommandParser) -> None:
    """Tasks by name, or all that fit the filters."""
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument(
        "--all-matching", action="store_true", help="all that fit the filters, instead of names"
    )
    add_filters(parser)


def named(options: Options) -> list[Task]:
    """The tasks of these names, or those that fit."""
    if bool(options["names"]) == options["all_matching"]:
        raise BadInput("name tasks, or say --all-matching with filters; one of the two")
    if options["all_matching"]:
        return list(chosen(options))
    return [task_of(name) for name in options["names"]]


def task_of(name: str) -> Task:
    """The task of the name."""
    row = Task.objects.select_related("protocol", "network").filter(name=name).first()
    if row is None:
        raise BadInput(f"there is no task {name!r}; `tasks list` shows them")
    return row


def failed_runs(options: Options, tasks: QuerySet[Task]) -> QuerySet[Run]:
    """The failed runs of the tasks, the oldest first; `--since` is when they ended."""
    rows = Run.objects.filter(state=RunState.FAILED, task__in=tasks.order_by().values("pk"))
    if options["wallet"]:
        rows = rows.filter(wallet__label=options["wallet"])
    if options["since"]:
        rows = rows.filter(state_changed_at__gte=options["since"])
    return rows.select_related("task", "wallet").order_by("pk")


def a_moment(text: str) -> datetime:
    """`2d` ago, or a moment as ISO 8601 writes it; UTC where it names no zone."""
    if found := _AGO.fullmatch(text):
        return timezone.now() - timedelta(**{_UNITS[found[2]]: int(found[1])})
    try:
        moment = parse_datetime(text) or datetime.fromisoformat(text)
    except ValueError:
        wanted = "write 2d, 12h, 30m, or a moment like 2026-01-31T09:00"
        raise argparse.ArgumentTypeError(f"{text!r} is no time: {wanted}") from None
    return moment if moment.tzinfo else timezone.make_aware(moment)


def labels_of(tasks: Sequence[Task]) -> str:
    """Their names, for a sentence."""
    return ", ".join(task.name for task in tasks) or "none"
