"""Counters that outlive the rows they were counted from, for /metrics.

Counting inserts a row and locks none, in the database transaction of what is counted: both are
there or neither is. A scrape reads what was added up and what was not yet, in one statement.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone

from wallets import leases
from wallets.actors import this_worker
from wallets.amounts import SumAmount
from wallets.models import Lease, Tally, TallyDelta, WakeUp

# The name of a counter, and its labels in the order of their names.
Key = tuple[str, tuple[tuple[str, str], ...]]
Values = dict[Key, int]

FOLD_EVERY = timedelta(seconds=10)
FOLD_LEASE = timedelta(seconds=60)
FOLD_ROWS = 2_000
JOBS = "jobs"
OK, FAILED = "ok", "failed"
JOB_OUTCOMES = (OK, FAILED)


def key(name: str, labels: Mapping[str, str]) -> Key:
    """What a counter with these labels is known by."""
    return name, tuple(sorted(labels.items()))


def add(name: str, labels: Mapping[str, str], by: int = 1) -> None:
    """Count so much more; in the caller's database transaction, if it has one."""
    add_all({key(name, labels): by})


def add_all(counts: Mapping[Key, int]) -> None:
    """Count several things with one statement; what came to nothing is not written."""
    TallyDelta.objects.bulk_create(
        TallyDelta(name=name, labels=text(dict(labels)), value=by)
        for (name, labels), by in counts.items()
        if by
    )


def values() -> Values:
    """How much of everything there was; two questions, however much was counted.

    Jobs are counted on the row of their wake-up, which is written at their end anyway.
    """
    found: Counter[Key] = Counter()
    # One statement: between two, a fold would hide what it moves, or show it twice.
    rest = TallyDelta.objects.order_by().values_list("name", "labels")
    rest = rest.annotate(total=SumAmount("value"))
    kept = Tally.objects.order_by().values_list("name", "labels", "value")
    for name, labels, value in kept.union(rest, all=True):
        found[name, _labels(labels)] += value
    found.update(_jobs())
    return dict(found)


def raise_to(known: Mapping[Key, int]) -> None:
    """Let no counter be below what it was known to be: after a restore from an older backup."""
    have = values()
    add_all({one: max(0, value - have.get(one, 0)) for one, value in known.items()})


def fold(rows: int = FOLD_ROWS) -> int:
    """Add the oldest uncounted rows to their tallies and delete exactly them; how many there were.

    Two at once do the same as one after the other.
    """
    with transaction.atomic():
        found = list(TallyDelta.objects.select_for_update().order_by("id")[:rows])
        sums: dict[tuple[str, str], int] = defaultdict(int)
        for row in found:
            sums[row.name, row.labels] += row.value
        _grow(sums)
        TallyDelta.objects.filter(pk__in=[row.pk for row in found]).delete()
    return len(found)


def fold_all() -> None:
    """The job: fold what there is, unless another process is at it or just was."""
    owner = this_worker()
    if not leases.take("tallies", owner=owner, duration=FOLD_LEASE):
        return
    try:
        for _ in range(50):
            if fold() < FOLD_ROWS:
                return
    finally:
        leases.release("tallies", owner=owner, free_from=timezone.now() + FOLD_EVERY)


def due() -> Iterable[str]:
    """Whether something waits to be folded."""
    busy = Lease.objects.filter(name="tallies", expires_at__gt=timezone.now())
    return [""] if not busy.exists() and TallyDelta.objects.exists() else []


def _grow(sums: Mapping[tuple[str, str], int]) -> None:
    """Locked in one order; those that are not there yet are made."""
    names, texts = {name for name, _ in sums}, {labels for _, labels in sums}
    alike = Tally.objects.select_for_update().filter(name__in=names, labels__in=texts)
    rows = [row for row in alike.order_by("pk") if (row.name, row.labels) in sums]
    for row in rows:
        row.value += sums[row.name, row.labels]
    known = {(row.name, row.labels) for row in rows}
    Tally.objects.bulk_update(rows, ["value"], batch_size=500)
    missing = [one for one in sums if one not in known]
    Tally.objects.bulk_create(
        Tally(name=name, labels=labels, value=sums[name, labels]) for name, labels in missing
    )


def _jobs() -> Values:
    return _jobs_of(WakeUp.objects.all())


def _jobs_of(found: QuerySet[WakeUp]) -> Values:
    rows = found.order_by().values_list("path")
    sums = rows.annotate(ok=Sum("completed"), failed=Sum("failures"))
    return {
        key(JOBS, {"job": path, "outcome": outcome}): count
        for path, ok, failed in sums
        for outcome, count in zip(JOB_OUTCOMES, (ok, failed), strict=True)
        if count
    }


def remove_jobs(rows: QuerySet[WakeUp]) -> int:
    """Delete wake-ups and keep what they counted; how many there were."""
    with transaction.atomic():
        locked = list(rows.select_for_update())
        add_all(_jobs_of(WakeUp.objects.filter(pk__in=[row.pk for row in locked])))
        return WakeUp.objects.filter(pk__in=[row.pk for row in locked]).delete()[0]


def text(labels: Mapping[str, str]) -> str:
    """Labels as they are kept."""
    return json.dumps(dict(labels), sort_keys=True, separators=(",", ":"))


def _labels(text: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(json.loads(text).items()))
