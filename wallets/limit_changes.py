"""Changing limits: for good, or for a while with a reason."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from wallets.address_book import Person, actor_of, require_right
from wallets.models import Limit, LimitOverride
from wallets.transactions.operator import NotPossible
from wallets.transitions import recorded

LIMIT_HISTORY = "limit"
LONGEST_OVERRIDE = timedelta(days=7)


def set_limit(
    *, kind: str, scope_kind: str, scope_value: str, amount: int, person: Person, note: str = ""
) -> Limit:
    """The limit of this kind and scope with this number, switched on; made where there is none."""
    wanted = Limit(kind=kind, scope_kind=scope_kind, scope_value=scope_value)
    _checked(wanted.clean)
    with transaction.atomic():
        row = _same(wanted) or wanted
        require_right(person, f"wallets.{'change' if row.pk else 'add'}_limit")
        old = f", before {row.amount}" if row.pk and row.enabled else ""
        row.amount, row.enabled, row.note = amount, True, note or row.note
        _checked(row.full_clean)
        row.save()
        _told(row, "set", person, f"{amount}{old}{note and ': '}{note}")
    return row


def create_override(
    *, limit: Limit, amount: int, expires_at: datetime, reason: str, person: Person
) -> LimitOverride:
    """Have another number count for the limit until then; a newer override goes before it."""
    require_right(person, "wallets.add_limitoverride")
    check_override(expires_at, reason)
    with transaction.atomic():
        # Who signs now has the limit locked, and counts with the number it has read.
        locked = Limit.objects.select_for_update().get(pk=limit.pk)
        row = LimitOverride.objects.create(
            limit=locked,
            amount=amount,
            expires_at=expires_at,
            reason=reason[:300],
            actor=actor_of(person),
        )
        told = f"{amount} instead of {locked.amount} until {expires_at:%Y-%m-%d %H:%M} UTC"
        _told(locked, "overridden", person, f"{told}: {reason}")
    return row


def end_override(*, override: LimitOverride, reason: str, person: Person) -> LimitOverride:
    """The limit's own number, or that of an older override that still stands, counts again."""
    require_right(person, "wallets.add_limitoverride")
    now = timezone.now()
    with transaction.atomic():
        limit = Limit.objects.select_for_update().get(pk=override.limit_id)
        standing = LimitOverride.objects.filter(pk=override.pk, ended_at=None, expires_at__gt=now)
        if not standing.update(ended_at=now, ended_by=actor_of(person)):
            raise NotPossible(f"override {override.pk} counts no more; there is nothing to end")
        _told(limit, "override_ended", person, f"{override.amount} counts no more: {reason}")
    override.refresh_from_db()
    return override


def _same(wanted: Limit) -> Limit | None:
    """The limit that there is of its kind and scope, locked."""
    scope = {"scope_kind": wanted.scope_kind, "scope_value": wanted.scope_value}
    return Limit.objects.select_for_update().filter(kind=wanted.kind, **scope).first()


def _checked(check: Callable[[], None]) -> None:
    """What the model itself says against it, as a sentence."""
    try:
        check()
    except ValidationError as error:
        raise NotPossible("; ".join(error.messages)) from error


def check_override(expires_at: datetime, reason: str) -> None:
    """NotPossible unless it ends within a week, and somebody said why."""
    if not reason.strip():
        raise NotPossible("say why another number shall count")
    left = expires_at - timezone.now()
    if left <= timedelta():
        raise NotPossible("an override ends in the future; give another time")
    if left > LONGEST_OVERRIDE:
        raise NotPossible(
            f"an override lasts {LONGEST_OVERRIDE.days} days at most; change the limit itself "
            "where the number is to stay"
        )


def _told(limit: Limit, what: str, person: Person, reason: str) -> None:
    recorded(LIMIT_HISTORY, limit.pk, "", what, actor=actor_of(person), reason=reason)
