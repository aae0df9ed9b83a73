"""Write what a file of campaigns says, all of it or nothing, a batch in memory at a time."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction as database

from analytics.campaigns import merging
from analytics.campaigns.describing import save_campaign
from analytics.campaigns.fields import FieldMistake
from analytics.campaigns.places import Names, Parties
from analytics.campaigns.reading import Read, Refusal
from analytics.models import Campaign
from wallets.transactions.operator import NotPossible
from wallets.transitions import LostRace

BATCH = 500
# Whoever has so many mistakes wants to correct these first.
MOST_REFUSALS = 20
Progress = Callable[[int], None]


@dataclass(slots=True)
class Imported:
    """What came of it: refusals, or by kind of record how many were added, changed and kept."""

    records: int = 0
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)

    def count(self, kind: str, done: str, number: int = 1) -> None:
        """Note what was done."""
        self.counts.setdefault(kind, Counter())[done] += number


@dataclass(slots=True)
class _Job:
    actor: str
    reason: str
    leave_out_tasks: bool
    names: Names = field(default_factory=Names)
    seen: set[int] = field(default_factory=set)
    done: Imported = field(default_factory=Imported)

    def refuse(self, line: int, error: object) -> None:
        self.done.refusals.append(Refusal(line, str(error)))

    def only_once(self, one: Read) -> bool:
        """Whether the file has not said it before; what is kept of it is a number."""
        names = ("campaign", "wallet", "network", "contract")
        key = hash((one.kind, *(one.values.get(name) for name in names)))
        if key in self.seen:
            self.refuse(one.line, f"the file has this {one.kind} twice")
        fresh = key not in self.seen
        self.seen.add(key)
        return fresh


def import_records(
    found: Iterable[Read | Refusal],
    *,
    actor: str,
    reason: str,
    dry_run: bool = False,
    leave_out_tasks: bool = False,
    progress: Progress = lambda _records: None,
) -> Imported:
    """Make rows say what the records say; with any refusal nothing is written.

    A newer answer about an eligibility stays, and so does what was claimed.
    """
    job = _Job(actor, reason, leave_out_tasks)
    with database.atomic():
        for batch in batched(found, BATCH):
            _take(job, batch)
            job.done.records += len(batch)
            progress(job.done.records)
            if len(job.done.refusals) >= MOST_REFUSALS:
                break
        if job.done.refusals or dry_run:
            database.set_rollback(True)
    return job.done


def _take(job: _Job, batch: tuple[Read | Refusal, ...]) -> None:
    job.done.refusals += [one for one in batch if isinstance(one, Refusal)]
    good = [one for one in batch if isinstance(one, Read) and job.only_once(one)]
    for one in good:
        if one.kind == "campaign":
            _take_campaign(job, one)
    others = [one for one in good if one.kind != "campaign"]
    parties = Parties.of(one.values for one in others)
    for kind, merge in merging.KINDS.items():
        rows = list(_rows(job, parties, kind, others))
        for done, number in merge(rows).items():
            job.done.count(kind, done, number)
    job.done.refusals.sort(key=lambda refusal: refusal.line)
    del job.done.refusals[MOST_REFUSALS:]


def _rows(job: _Job, parties: Parties, kind: str, found: list[Read]) -> Iterator[Any]:
    """The records of a kind as rows that are not kept yet."""
    for one in found:
        if one.kind != kind:
            continue
        try:
            campaign = parties.campaign(one.values["campaign"])
            wallet = parties.wallet(one.values["wallet"])
            yield merging.row_of(kind, one.values, campaign, wallet, job.names)
        except (FieldMistake, ValidationError) as error:
            job.refuse(one.line, _sentence(error))


def _take_campaign(job: _Job, one: Read) -> None:
    try:
        # A savepoint: what is refused leaves the rest to be checked too.
        with database.atomic():
            job.done.count("campaign", _merge_campaign(job, one.values))
    except (FieldMistake, ValidationError, NotPossible, LostRace) as error:
        job.refuse(one.line, _sentence(error))


def _merge_campaign(job: _Job, values: Mapping[str, Any]) -> str:
    wanted, names = dict(values), job.names
    networks = [names.network(slug, "networks") for slug in wanted.pop("networks")]
    asked = wanted.pop("tasks")
    tasks = [] if job.leave_out_tasks else names.tasks(asked)
    slug, created_at = wanted.pop("campaign"), wanted.pop("created_at")
    wanted |= {
        "protocol": names.protocol(wanted["protocol"]),
        "token": names.token(wanted["token"]),
    }
    known = Campaign.objects.filter(slug=slug).select_related("protocol", "token").first()
    row = known or Campaign(slug=slug)
    differs = known is None or any(getattr(row, name) != wanted[name] for name in wanted)
    for name, value in wanted.items():
        setattr(row, name, value)
    if differs:
        save_campaign(campaign=row, actor=job.actor, reason=job.reason)
    if known is None:
        Campaign.objects.filter(pk=row.pk).update(created_at=created_at)
    moved = _set(row.networks, networks)
    moved |= not job.leave_out_tasks and _set(row.tasks, tasks)
    if known is None:
        return "added"
    return "changed" if differs or moved else "kept"


def _set(related: Any, rows: Iterable[Any]) -> bool:
    """Whether it was another set before."""
    wanted = {row.pk for row in rows}
    if set(related.values_list("pk", flat=True)) == wanted:
        return False
    related.set(wanted)
    return True


def _sentence(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    if not hasattr(error, "error_dict"):
        return "; ".join(error.messages)
    return "; ".join(f"{name}: {' '.join(said)}" for name, said in error.message_dict.items())
