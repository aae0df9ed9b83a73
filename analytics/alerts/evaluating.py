"""One look at everything: what began, what goes on, what is over; and the messages about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from analytics.alerts import notices
from analytics.alerts.channels import ChannelsUnreadable, read_channels
from analytics.alerts.facts import Fact, Look
from analytics.alerts.rules import RULE_FAILING
from analytics.alerts.standing import StandingRule, standing_rules
from analytics.models import Alert

log = structlog.get_logger(__name__)

State = Alert.State
_CHANGED = ("state", "severity", "summary", "fired_at", "resolved_at")
# A rule that holds of more at once says so for the first of them.
_MOST_SUBJECTS = 200

# The sentence by rule and subject.
Seen = dict[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look came to."""

    firing: int
    resolved: int
    written: int


def evaluate(now: datetime | None = None) -> Looked:
    """Ask every rule, each for itself; write what changed and its messages together."""
    moment = now or timezone.now()
    rules = standing_rules()
    seen, unknown = _ask(rules, moment)
    channels = _channel_names()
    with transaction.atomic():
        before = list(Alert.objects.select_for_update().exclude(state=State.RESOLVED).order_by())
        over = _update(before, rules, seen, unknown, moment)
        _begin(before, rules, seen, moment)
        written = notices.write(rules, channels, over, moment)
        firing = Alert.objects.filter(state=State.FIRING).count()
    return Looked(firing, len(over), written)


def _ask(rules: Mapping[str, StandingRule], now: datetime) -> tuple[Seen, set[str]]:
    """What holds, and the rules of which that is unknown now."""
    seen: Seen = {}
    unknown: set[str] = set()
    for name, standing in rules.items():
        if not standing.enabled:
            continue
        try:
            # A database error within one must not spoil the others.
            with transaction.atomic():
                facts = list(standing.rule.look(Look(now, standing.threshold)))
        except Exception as error:
            log.exception("alert_rule_failed", rule=name)
            unknown.add(name)
            told = f"the rule {name} ends with {type(error).__name__}"
            seen[RULE_FAILING.name, name] = told
            continue
        seen |= {(name, _short(fact)): fact.sentence for fact in facts[:_MOST_SUBJECTS]}
    return seen, unknown


def _update(
    before: Sequence[Alert],
    rules: Mapping[str, StandingRule],
    seen: Seen,
    unknown: set[str],
    now: datetime,
) -> list[Alert]:
    """Bring what was open up to now; those that are over. What is unknown stays as it is."""
    gone = [row for row in before if _is_over(row, seen, unknown)]
    for row in gone:
        row.state, row.resolved_at = State.RESOLVED, max(now, row.since)
    never_said = [row.pk for row in gone if row.fired_at is None]
    Alert.objects.filter(pk__in=never_said).delete()
    for row in before:
        if sentence := seen.get((row.rule, row.subject)):
            _go_on(row, rules.get(row.rule), sentence, now)
    left = [row for row in before if row.pk is not None and row.pk not in never_said]
    Alert.objects.bulk_update(left, _CHANGED, batch_size=200)
    return [row for row in gone if row.fired_at is not None]


def _is_over(row: Alert, seen: Seen, unknown: set[str]) -> bool:
    return (row.rule, row.subject) not in seen and row.rule not in unknown


def _go_on(row: Alert, standing: StandingRule | None, sentence: str, now: datetime) -> None:
    row.summary = sentence[:500]
    if standing is None:
        return
    row.severity = standing.severity
    held = now - row.since >= timedelta(seconds=standing.for_seconds)
    if row.state == State.PENDING and held:
        row.state, row.fired_at = State.FIRING, now


def _begin(
    before: Sequence[Alert], rules: Mapping[str, StandingRule], seen: Seen, now: datetime
) -> None:
    known = {(row.rule, row.subject) for row in before if row.state != State.RESOLVED}
    new = [_new(rules[key[0]], key[1], seen[key], now) for key in seen if key not in known]
    # Another process that looks at the same moment writes the same rows.
    Alert.objects.bulk_create(new, ignore_conflicts=True)


def _new(standing: StandingRule, subject: str, sentence: str, now: datetime) -> Alert:
    at_once = standing.for_seconds == 0
    return Alert(
        rule=standing.rule.name,
        subject=subject,
        severity=standing.severity,
        state=State.FIRING if at_once else State.PENDING,
        fired_at=now if at_once else None,
        summary=sentence[:500],
        since=now,
    )


def _short(fact: Fact) -> str:
    return fact.subject[:120]


def _channel_names() -> list[str]:
    """Whom there is to tell; a setting that cannot be read has an alert of its own."""
    try:
        return list(read_channels())
    except ChannelsUnreadable:
        return []
