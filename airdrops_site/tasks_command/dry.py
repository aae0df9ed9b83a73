"""`tasks dry-run`: what a run would do now, with each of a task's wallets; nothing is recorded."""

from typing import Any

from airdrops_site.answers import Answer, BadInput
from airdrops_site.tasks_command.scope import Options, task_of
from protocols.actions import PlanError
from protocols.preview_words import names_of
from protocols.registry import UnknownAction
from scheduling.dry_runs import dry_run, values_of, words_of
from scheduling.members import Member, members_of
from scheduling.models import Task
from wallets.chain.errors import ChainError


def dry(options: Options) -> tuple[Answer, int]:
    """Every wallet's plan, or one's; exit 1 where any would not go through now."""
    task = task_of(options["name"])
    wanted = options["wallet"]
    members = [one for one in members_of(task) if not wanted or one.wallet.label == wanted]
    if not members:
        raise BadInput(f"{task} has no wallet {wanted}" if wanted else f"{task} has no wallets")
    said = [_one(task, member) for member in members]
    facts = [one for one, _ in said]
    lines = [line for _, lines in said for line in lines]
    code = 0 if all(one["would_go"] for one in facts) else 1
    return Answer(facts, tuple(lines)), code


def _one(task: Task, member: Member) -> tuple[dict[str, Any], list[str]]:
    params = {**task.params, **member.params}
    try:
        found = dry_run(task=task, wallet=member.wallet, params=params)
    except (PlanError, UnknownAction) as error:
        return _none(member, f"{member.wallet.label}: it would not begin: {error}")
    except ChainError as error:
        return _none(member, f"{member.wallet.label}: it cannot be planned now: {error}")
    names = names_of(found.preview)
    return values_of(found, names), list(words_of(found, names))


def _none(member: Member, sentence: str) -> tuple[dict[str, Any], list[str]]:
    return {"wallet": member.wallet.label, "would_go": False, "problems": [sentence]}, [sentence]
