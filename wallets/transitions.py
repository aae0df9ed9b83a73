"""The one function that changes a state: checks the arrow, compares and sets, writes history."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import models, transaction
from django.utils import timezone

Arrows = Mapping[str, tuple[str, ...]]


class ForbiddenTransition(Exception):
    """The table has no such arrow: a programming error, nothing was changed."""


class LostRace(Exception):
    """Another process changed the row first; nothing was changed here. Read again."""


class Stateful(Protocol):
    """A row with a state and a version."""

    pk: Any
    state: str
    version: int


@dataclass(frozen=True, slots=True)
class Machine:
    """What may follow what, for one kind of row."""

    subject: str
    arrows: Arrows

    def allows(self, old: str, new: str) -> bool:
        """Whether the arrow exists."""
        return new in self.arrows.get(old, ())


def move[Row: models.Model](
    row: Row, to: str, *, machine: Machine, actor: str, reason: str = "", **fields: Any
) -> Row:
    """Move `row` to `to`, setting `fields` with it, or raise without changing anything.

    The row's own `state` and `version` are what is compared: a caller that read the row before
    another process changed it gets LostRace.
    """
    old, version = row.state, row.version  # type: ignore[attr-defined]
    if not machine.allows(old, to):
        raise ForbiddenTransition(f"{machine.subject} {row.pk}: no arrow from {old} to {to}")
    now = timezone.now()
    changes = {**fields, "state": to, "version": version + 1, "state_changed_at": now}
    with transaction.atomic():
        updated = type(row)._default_manager.filter(pk=row.pk, state=old, version=version)
        if updated.update(**changes) != 1:
            raise LostRace(f"{machine.subject} {row.pk} is no longer {old} (version {version})")
        _record(machine.subject, row.pk, old, to, reason=reason, actor=actor, at=now)
    for name, value in changes.items():
        setattr(row, name, value)
    return row


def born(row: models.Model, *, machine: Machine, actor: str, reason: str = "") -> None:
    """Write the first history line of a row that was just created (same database transaction)."""
    state: str = row.state  # type: ignore[attr-defined]
    if not machine.allows("", state):
        raise ForbiddenTransition(f"a {machine.subject} is not born {state}")
    _record(machine.subject, row.pk, "", state, reason=reason, actor=actor, at=timezone.now())


def _record(subject: str, pk: int, old: str, new: str, *, reason: str, actor: str, at: Any) -> None:
    from wallets.models import Transition

    Transition.objects.create(
        subject=subject,
        subject_id=pk,
        from_state=old,
        to_state=new,
        reason=reason[:500],
        actor=actor[:100],
        at=at,
    )
