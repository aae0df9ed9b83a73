"""The risk level: recorded over time, and what is done about it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from scheduling.models import RiskLevel, RiskReading, RiskResponse
from scheduling.risk_causes import Cause, Known, causes
from wallets.actors import this_worker
from wallets.models import EmergencyStop, ScopeKind
from wallets.services import engage_stop
from wallets.transactions.stop import wait_for_signatures
from wallets.transitions import recorded

log = structlog.get_logger(__name__)

LEVELS = tuple(RiskLevel.values)
ACTIONS = tuple(RiskResponse.Action.values)
# One that says the same again is written down this often.
REPEATED = timedelta(minutes=15)
# A level that nobody has worked out for so long is unknown.
OLDEST = timedelta(minutes=30)
RESPONSE_HISTORY = "risk_response"


def assess_risk(now: datetime | None = None) -> RiskReading:
    """Work out the level, record it where it says something new, and do what is configured."""
    moment = now or timezone.now()
    known = Known.at(moment)
    found = causes(known)
    level = max((one.level for one in found), key=LEVELS.index, default=RiskLevel.LOW)
    with transaction.atomic():
        before = latest_reading()
        response = response_to(level)
        figures = _figures(known, found, response)
        if before is not None and not _is_news(before, level, figures, moment):
            return before
        reading = RiskReading.objects.create(
            at=moment,
            level=level,
            reasons=[one.sentence for one in _worst_first(found)],
            figures=figures,
        )
        if response == RiskResponse.Action.STOP and not _was_stopped(before):
            _stop(reading)
    log.info("risk_assessed", level=level, causes=figures["causes"])
    return reading


def _figures(known: Known, found: Sequence[Cause], response: str) -> dict[str, object]:
    total, loss = known.exposure.total.value, known.loss.value
    return {
        "equity_cents": None if total is None else str(total),
        "day_loss_cents": None if loss is None else str(loss),
        "causes": [f"{one.code}:{one.level}" for one in found],
        "response": response,
    }


def _is_news(before: RiskReading, level: str, figures: dict[str, object], moment: datetime) -> bool:
    """Another level, cause or response; or nothing was said for a while."""
    kept = before.figures
    same = all(kept.get(name) == figures[name] for name in ("causes", "response"))
    return before.level != level or not same or moment - before.at >= REPEATED


def _worst_first(found: Sequence[Cause]) -> list[Cause]:
    return sorted(found, key=lambda one: -LEVELS.index(one.level))


def _was_stopped(before: RiskReading | None) -> bool:
    """Whether this rise has stopped everything already: a person may have lifted that since."""
    return before is not None and before.figures.get("response") == RiskResponse.Action.STOP


def _stop(reading: RiskReading) -> None:
    """Stop all but cancels, unless everything is stopped already, perhaps more strictly."""
    # Whoever stops more strictly at this very moment is not overruled.
    wait_for_signatures()
    engaged = EmergencyStop.objects.filter(scope_kind=ScopeKind.EVERYTHING, engaged=True)
    if engaged.exists():
        return
    first = reading.reasons[0] if reading.reasons else "no reason is known"
    engage_stop(
        reason=f"risk level {reading.level}: {first}"[:300],
        actor=this_worker(),
        mode=EmergencyStop.Mode.ALL_BUT_CANCELS,
    )
    log.error("risk_stopped_everything", level=reading.level, reason=first)


def latest_reading() -> RiskReading | None:
    """The newest there is."""
    return RiskReading.objects.order_by("-at", "-id").first()


def is_raised() -> bool:
    """Whether the newest level is one that wants a person."""
    reading = latest_reading()
    return reading is not None and reading.level in (RiskLevel.HIGH, RiskLevel.CRITICAL)


def response_to(level: str) -> str:
    """What is configured for the level or one below it: the strongest of them."""
    reached = LEVELS[: LEVELS.index(level) + 1]
    rows = RiskResponse.objects.filter(level__in=reached).values_list("action", flat=True)
    return max(rows, key=ACTIONS.index, default=RiskResponse.Action.NONE)


def responses() -> dict[str, str]:
    """What is configured for each level."""
    rows = dict(RiskResponse.objects.values_list("level", "action"))
    return {level: rows.get(level, RiskResponse.Action.NONE) for level in LEVELS}


def set_response(*, level: str, action: str, actor: str, reason: str) -> RiskResponse:
    """Configure what happens at a level; it holds from the next signature on."""
    with transaction.atomic():
        old = RiskResponse.objects.select_for_update().filter(level=level).first()
        row, _ = RiskResponse.objects.update_or_create(level=level, defaults={"action": action})
        before = old.action if old else RiskResponse.Action.NONE
        recorded(RESPONSE_HISTORY, row.pk, before, action, actor=actor, reason=reason)
    return row
