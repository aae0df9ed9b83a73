"""`tasks create`: a task with its wallets, however many, in a fixed number of queries."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser
from django.utils import timezone

from airdrops_site.actions_command.scope import action_of, network_of, params_of
from airdrops_site.answers import Answer, BadInput
from airdrops_site.tasks_command.scope import Options, a_moment
from protocols.models import Protocol
from protocols.params import BadParameters
from scheduling.expressions.readings import check_params
from scheduling.models import Task
from scheduling.schedule import ScheduleError, require_window_to_fit
from scheduling.services import create_task
from wallets.models import Wallet, WalletGroup, WalletTag

Own = dict[Wallet, dict[str, Any]]
_MOST_NAMED = 10


def add_arguments(parser: CommandParser) -> None:
    """What it does, where, with which wallets, when."""
    parser.add_argument("name")
    parser.add_argument("action", metavar="PROTOCOL/ACTION")
    parser.add_argument("--network", required=True, help="where, by its slug")
    parser.add_argument(
        "--param", action="append", default=[], metavar="NAME=VALUE", help="may be repeated"
    )
    parser.add_argument("--wallet", action="append", default=[], help="by its label; repeatable")
    parser.add_argument("--wallets-tag", default="", help="the wallets with this tag as of now")
    parser.add_argument("--wallets-group", default="", help="the wallets of this group as of now")
    parser.add_argument(
        "--file", default="", help="a CSV file: a column wallet, and one for each own parameter"
    )
    parser.add_argument("--tag", action="append", default=[], help="whatever has this tag then")
    parser.add_argument("--group", action="append", default=[], help="whatever is in it then")
    when = parser.add_mutually_exclusive_group()
    when.add_argument("--every", type=int, metavar="SECONDS", help="every so many seconds")
    when.add_argument("--cron", default="", help="a cron expression")
    parser.add_argument("--timezone", default="UTC", help="of the cron expression")
    parser.add_argument("--starts", type=a_moment, help="when it is first due; now without it")
    parser.add_argument("--disabled", action="store_true", help="do not switch it on yet")
    parser.add_argument("--dry-run", action="store_true", help="only check it")


def create(options: Options) -> Answer:
    """A new task, or why not; all of it or nothing."""
    task, own = _task(options), _wallets(options)
    tags = _all(WalletTag, "tag", options["tag"])
    groups = _all(WalletGroup, "group", options["group"])
    if not (own or tags or groups):
        raise BadInput("it has no wallets; name them, a file of them, a tag or a group")
    _check(task, own)
    facts = {"task": task.name, "wallets": len(own), "dry_run": options["dry_run"]}
    if options["dry_run"]:
        return Answer(facts, (f"{task.name} could be created with {len(own)} wallets",))
    created = create_task(task=task, wallets=own)
    created.groups.set(groups)
    created.tags.set(tags)
    return Answer(facts, (f"created {task.name} with {len(own)} wallets",))


def _task(options: Options) -> Task:
    protocol, action = action_of(options["action"])
    row = Protocol.objects.filter(slug=protocol).first()
    if row is None:
        raise BadInput(f"the protocol {protocol} is not registered here")
    return Task(
        name=options["name"],
        protocol=row,
        action=action.slug,
        network=network_of(options["network"]),
        params=params_of(options["param"]),
        schedule=_schedule(options),
        interval_seconds=options["every"],
        cron=options["cron"],
        timezone=options["timezone"],
        starts_at=options["starts"] or timezone.now(),
        enabled=not options["disabled"],
    )


def _schedule(options: Options) -> str:
    if options["cron"]:
        return Task.Schedule.CRON
    return Task.Schedule.INTERVAL if options["every"] else Task.Schedule.ONCE


def _check(task: Task, own: Mapping[Wallet, Mapping[str, Any]]) -> None:
    """BadInput for what its model or its action would not take."""
    try:
        task.full_clean(exclude=("next_due_at",))
        require_params(task, own)
        require_window_to_fit(task)
    except ValidationError as error:
        raise BadInput("; ".join(sentences(error))) from error
    except (BadParameters, ScheduleError) as error:
        raise BadInput(str(error)) from error


def require_params(task: Task, own: Mapping[Wallet, Mapping[str, Any]]) -> None:
    """BadParameters unless the action takes what each wallet, or the task alone, has."""
    from protocols.registry import get_action

    wanted = get_action(task.protocol.slug, task.action).Params
    for params in own.values():
        check_params(wanted, {**task.params, **params}, task.network)


def sentences(error: ValidationError) -> list[str]:
    """What a model found wrong, each with the name of its field."""
    if not hasattr(error, "error_dict"):
        return list(error.messages)
    named = [(field, text) for field, texts in error.message_dict.items() for text in texts]
    return [text if field == "__all__" else f"{field}: {text}" for field, text in named]


def _wallets(options: Options) -> Own:
    """The wallets that are named, by every way of naming them; own parameters from the file."""
    rows: dict[str, dict[str, str]] = {key: {} for key in options["wallet"]}
    rows |= _from_file(options["file"]) if options["file"] else {}
    own: Own = {wallet: dict(rows[wallet.label]) for wallet in wallets_named(rows)}
    for model, name, members in (
        (WalletTag, options["wallets_tag"], "tags__name"),
        (WalletGroup, options["wallets_group"], "group__name"),
    ):
        if name:
            _all(model, "tag" if model is WalletTag else "group", [name])
            found = Wallet.objects.filter(**{members: name}).exclude(status=Wallet.Status.RETIRED)
            own |= {one: {} for one in found if one not in own}
    return own


def wallets_named(labels: Mapping[str, Any]) -> list[Wallet]:
    """The wallets of these labels in one query, or BadInput with those that are not there."""
    found = list(Wallet.objects.filter(label__in=labels).order_by("label"))
    missing = sorted(set(labels) - {wallet.label for wallet in found})
    if missing:
        more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
        raise BadInput(f"there is no wallet {', '.join(missing[:_MOST_NAMED])}{more}")
    return found


def _from_file(path: str) -> dict[str, dict[str, str]]:
    """Label -> own parameters; an empty cell is the task's own."""
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            if "wallet" not in (reader.fieldnames or ()):
                raise BadInput(f"{path} has no column wallet; its first line names the columns")
            return _rows(path, reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path} cannot be read: {error}") from error


def _rows(path: str, reader: "csv.DictReader[str]") -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for row in reader:
        if None in row or None in row.values():
            raise BadInput(f"{path} line {reader.line_num} has not as many cells as columns")
        label = row.pop("wallet").strip()
        if label in found:
            raise BadInput(f"{path} line {reader.line_num} names {label} a second time")
        found[label] = {name: value.strip() for name, value in row.items() if value.strip()}
    return found


def _all(model: Any, kind: str, names: list[str]) -> list[Any]:
    found = list(model.objects.filter(name__in=names))
    missing = sorted(set(names) - {row.name for row in found})
    if missing:
        raise BadInput(f"there is no {kind} {', '.join(missing)}")
    return found
