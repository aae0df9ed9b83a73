"""What each verb of `manage.py limits` asks of the services below."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from airdrops_site.answers import Answer, BadInput, table
from airdrops_site.limits_command.scope import limit_named, number_of, stored_limit
from airdrops_site.people import signed_in
from wallets.limit_changes import create_override, end_override, set_limit
from wallets.limit_units import in_words
from wallets.limit_usage import Shares, used_now
from wallets.models import Limit, LimitOverride
from wallets.transactions.limits import in_force, standing_overrides

_COLUMNS = ("Kind", "Scope", "Counts now", "Used", "Own number", "Override", "Until", "In force")
_SHARES = ("Kind", "Scope", "Of", "Used", "Counts now")


def show_all(options: dict[str, Any]) -> Answer:
    """Every limit with the number that counts now."""
    rows = Limit.objects.filter(kind=options["kind"]) if options["kind"] else Limit.objects.all()
    facts = _facts_of(in_force(rows))
    return Answer(facts, (table("Limits", _COLUMNS, map(_texts, facts)),))


def usage(options: dict[str, Any]) -> Answer:
    """What is taken of the limits of a day and an hour, each wallet's and action's part."""
    limits = in_force(Limit.objects.filter(enabled=True))
    used = used_now(limits)
    facts = [
        {
            "kind": limit.kind,
            "scope": _scope(limit),
            "of": share or "all",
            "used": str(amount),
            "counts": str(limit.amount),
            "shown": (in_words(limit, amount), in_words(limit, limit.amount)),
        }
        for limit in limits
        for share, amount in used.get(limit.pk, {}).items()
    ]
    shown = [(*_first(one, "kind", "scope", "of"), *one.pop("shown")) for one in facts]
    return Answer(facts, (table("Used now (UTC)", _SHARES, shown),))


def set_one(options: dict[str, Any]) -> Answer:
    """Make or change one, for good."""
    wanted = limit_named(options["kind"], options["scope"])
    row = set_limit(
        kind=wanted.kind,
        scope_kind=wanted.scope_kind,
        scope_value=wanted.scope_value,
        amount=number_of(wanted, options["amount"]),
        note=options["note"],
        person=signed_in(options),
    )
    return _one(row, f"{row} is {in_words(row, row.amount)}")


def override(options: dict[str, Any]) -> Answer:
    """Have another number count for a while."""
    limit = stored_limit(options["kind"], options["scope"])
    row = create_override(
        limit=limit,
        amount=number_of(limit, options["amount"]),
        expires_at=timezone.now() + timedelta(hours=options["hours"]),
        reason=options["reason"],
        person=signed_in(options),
    )
    shown = in_words(limit, row.amount)
    said = f"{limit} is {shown} until {row.expires_at:%Y-%m-%d %H:%M} UTC"
    return _one(limit, f"{said}; `limits end-override {row.pk}` ends it before")


def end(options: dict[str, Any]) -> Answer:
    """Have the limit's own number count again."""
    rows = LimitOverride.objects.select_related("limit")
    row = rows.filter(pk=options["override"]).first()
    if row is None:
        raise BadInput(f"there is no override {options['override']}; `limits list` shows them")
    end_override(override=row, reason=options["reason"], person=signed_in(options))
    return _one(row.limit, f"override {row.pk} counts no more")


def _one(limit: Limit, done: str) -> Answer:
    (facts,) = _facts_of(in_force(Limit.objects.filter(pk=limit.pk)))
    return Answer({"done": done, **facts}, (done,))


def _facts_of(limits: Iterable[Limit]) -> list[dict[str, Any]]:
    rows = list(limits)
    used = used_now(rows)
    own = dict(Limit.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", "amount"))
    standing = standing_overrides().filter(limit__in=rows).order_by("id")
    overrides = {row.limit_id: row for row in standing}
    return [_facts(row, own[row.pk], used.get(row.pk, {}), overrides.get(row.pk)) for row in rows]


def _facts(
    limit: Limit, own: int, shares: Shares, override: LimitOverride | None
) -> dict[str, Any]:
    return {
        "kind": limit.kind,
        "scope": _scope(limit),
        "counts": str(limit.amount),
        "used": str(max(shares.values())) if shares else None,
        "own": str(own),
        "override": override.pk if override else None,
        "until": override.expires_at.isoformat() if override else None,
        "enabled": limit.enabled,
        "shown": in_words(limit, limit.amount),
    }


def _texts(facts: dict[str, Any]) -> tuple[str, ...]:
    limit = Limit(kind=facts["kind"])
    limit.scope_kind, _, limit.scope_value = facts["scope"].partition(":")
    used = in_words(limit, int(facts["used"])) if facts["used"] else ""
    return (
        *_first(facts, "kind", "scope", "shown"),
        used,
        in_words(limit, int(facts["own"])),
        str(facts["override"] or ""),
        facts["until"] or "",
        "yes" if facts["enabled"] else "no",
    )


def _first(facts: dict[str, Any], *names: str) -> tuple[str, ...]:
    return tuple(str(facts[name]) for name in names)


def _scope(limit: Limit) -> str:
    return f"{limit.scope_kind}:{limit.scope_value}" if limit.scope_value else limit.scope_kind
