"""Keep a record of backups, restores, cleanups and upkeep; the one writer of Operation."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Max
from django.utils import timezone

from airdrops_site.models import Operation

Kind = Operation.Kind
Outcome = Operation.Outcome
# Done, whatever was found.
DONE = (Outcome.SUCCEEDED, Outcome.FINDINGS)


@dataclass(slots=True)
class Noted:
    """What the work says of itself while it goes on; written when it ends."""

    summary: str = ""
    location: str = ""
    figures: dict[str, Any] = field(default_factory=dict)
    outcome: Outcome = Outcome.SUCCEEDED


@contextmanager
def recorded(kind: Kind, *, by: str, location: str = "") -> Iterator[Noted]:
    """A row from the beginning to the end of the work; an exception makes it failed, and goes on.

    Only the exception's sentence is kept if it is one of ours; of others, which may hold anything,
    the kind.
    """
    row = Operation.objects.create(
        kind=kind,
        started_at=timezone.now(),
        by=by,
        host=settings.HOST_NAME,
        pid=os.getpid(),
        location=location[:500],
    )
    noted = Noted(location=location)
    try:
        yield noted
    except BaseException as error:
        noted.outcome = Outcome.FAILED
        noted.summary = str(error) if _is_ours(error) else type(error).__name__
        _end(row, noted)
        raise
    _end(row, noted)


def last_done() -> dict[str, datetime]:
    """When each kind of work was last done to its end; kinds never done are missing."""
    done = Operation.objects.filter(outcome__in=DONE).order_by()
    return dict(done.values_list("kind").annotate(newest=Max("ended_at")))


def _is_ours(error: BaseException) -> bool:
    return type(error).__module__.partition(".")[0] == __package__.partition(".")[0]


def _end(row: Operation, noted: Noted) -> None:
    try:
        Operation.objects.filter(pk=row.pk, outcome=Outcome.RUNNING).update(
            ended_at=timezone.now(),
            outcome=noted.outcome,
            summary=noted.summary[:500],
            location=noted.location[:500],
            figures=noted.figures,
        )
    except DatabaseError:
        # Whoever died of the database cannot write that down in it.
        if noted.outcome != Outcome.FAILED:
            raise
