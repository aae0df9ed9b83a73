"""The one function that changes a state: checks the arrow, compares and sets, writes history."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import models, transaction
from django.utils import timezone

Arrows = Mapping[str, tuple[str, ...]]
# Rows of one kind, the state they left and the one they came to.
Count = Callable[[Sequence[Any], str, str], None]


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
    """What may follow what, for one kind of row.

    `count` is told of every move, in its database transaction, before the rows in hand show it.
    """

    subject: str
    arrows: Arrows
    count: Count | None = None

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
    old, version = _state(row), _version(row)
    if not machine.allows(old, to):
        raise ForbiddenTransition(f"{machine.subject} {row.pk}: no arrow from {old} to {to}")
    now = timezone.now()
    changes = {**fields, "state": to, "version": version + 1, "state_changed_at": now}
    same = type(row)._default_manager.filter(pk=row.pk, state=old, version=version)
    # No savepoint: both are written or the caller's transaction fails, and a lost race is told
    # outside, where it undoes nothing of the caller's.
    with transaction.atomic(savepoint=False):
        moved = same.update(**changes)
        if moved:
            _record(machine.subject, row.pk, old, to, reason=reason, actor=actor, at=now)
            _count(machine, [row], old, to)
    if not moved:
        raise LostRace(f"{machine.subject} {row.pk} is no longer {old} (version {version})")
    _set(row, changes)
    return row


def unchanged[Row: models.Model](rows: Sequence[Row]) -> list[Row]:
    """Those of the rows that nobody has changed since they were read, locked until the commit."""
    if not rows:
        return []
    model = type(rows[0])._default_manager
    locked = model.select_for_update().filter(pk__in=[row.pk for row in rows]).order_by("pk")
    versions = dict(locked.values_list("pk", "version"))
    return [row for row in rows if versions.get(row.pk) == _version(row)]


def move_all[Row: models.Model](
    rows: Sequence[Row], to: str, *, machine: Machine, actor: str, reason: str = "", **fields: Any
) -> None:
    """As `move`, for many rows with few questions: all of them or, with LostRace, none.

    Inside the caller's database transaction, for rows that `unchanged` has locked.
    """
    now, alike = timezone.now(), defaultdict(list)
    for row in rows:
        alike[(_state(row), _version(row))].append(row)
    for (old, version), group in alike.items():
        if not machine.allows(old, to):
            raise ForbiddenTransition(f"{machine.subject}: no arrow from {old} to {to}")
        changes = {**fields, "state": to, "version": version + 1, "state_changed_at": now}
        keys = [row.pk for row in group]
        same = type(group[0])._default_manager.filter(pk__in=keys, state=old, version=version)
        if same.update(**changes) != len(group):
            raise LostRace(f"some of {len(group)} {machine.subject}s are no longer {old}")
        _record_all(machine.subject, keys, old, to, reason=reason, actor=actor, at=now)
        _count(machine, group, old, to)
        for row in group:
            _set(row, changes)


def move_each[Row: models.Model](
    changes: Sequence[tuple[Row, Mapping[str, Any]]], to: str, *, machine: Machine, actor: str
) -> None:
    """As `move_all` where each row gets fields of its own: one history insert for all of them."""
    now, alike = timezone.now(), defaultdict(list)
    for row, fields in changes:
        old, version = _state(row), _version(row)
        if not machine.allows(old, to):
            raise ForbiddenTransition(f"{machine.subject} {row.pk}: no arrow from {old} to {to}")
        values = {**fields, "state": to, "version": version + 1, "state_changed_at": now}
        same = type(row)._default_manager.filter(pk=row.pk, state=old, version=version)
        if not same.update(**values):
            raise LostRace(f"{machine.subject} {row.pk} is no longer {old} (version {version})")
        _count(machine, [row], old, to)
        alike[old].append(row.pk)
        _set(row, values)
    for old, keys in alike.items():
        _record_all(machine.subject, keys, old, to, reason="", actor=actor, at=now)


def born(row: models.Model, *, machine: Machine, actor: str, reason: str = "") -> None:
    """Write the first history line of a row that was just created (same database transaction)."""
    state = _state(row)
    if not machine.allows("", state):
        raise ForbiddenTransition(f"a {machine.subject} is not born {state}")
    _record(machine.subject, row.pk, "", state, reason=reason, actor=actor, at=timezone.now())
    _count(machine, [row], "", state)


def noted(row: models.Model, *, machine: Machine, actor: str, reason: str) -> None:
    """Write into a row's history what was asked of it and left its state as it is.

    Inside the database transaction that does what was asked.
    """
    state = _state(row)
    recorded(machine.subject, row.pk, state, state, actor=actor, reason=reason)


def recorded(subject: str, pk: int, old: str, new: str, *, actor: str, reason: str) -> None:
    """A history line of something that has no machine: a lane, a stop, the installation."""
    _record(subject, pk, old, new, reason=reason, actor=actor, at=timezone.now())


def recorded_all(
    subject: str, keys: Sequence[int], old: str, new: str, *, reason: str, actor: str
) -> None:
    """As `recorded`, for many rows that had the same change."""
    _record_all(subject, list(keys), old, new, reason=reason, actor=actor, at=timezone.now())


def _count(machine: Machine, rows: Sequence[models.Model], old: str, new: str) -> None:
    if machine.count is not None:
        machine.count(rows, old, new)


def _state(row: models.Model) -> str:
    return row.state  # type: ignore[attr-defined, no-any-return]


def _version(row: models.Model) -> int:
    return row.version  # type: ignore[attr-defined, no-any-return]


def _set(row: models.Model, changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        setattr(row, name, value)


def _record(subject: str, pk: int, old: str, new: str, *, reason: str, actor: str, at: Any) -> None:
    _record_all(subject, [pk], old, new, reason=reason, actor=actor, at=at)


def _record_all(
    subject: str, keys: list[int], old: str, new: str, *, reason: str, actor: str, at: Any
) -> None:
    from wallets.models import Transition

    Transition.objects.bulk_create(
        Transition(
            subject=subject,
            subject_id=pk,
            from_state=old,
            to_state=new,
            reason=reason[:500],
            actor=actor[:100],
            at=at,
        )
        for pk in keys
    )
