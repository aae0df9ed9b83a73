"""What each verb of `manage.py risk` asks of the services below."""

from typing import Any

from airdrops_site.answers import Answer, BadInput, table
from airdrops_site.people import shell_actor
from scheduling import risk
from scheduling.gates.figures import dollars
from scheduling.models import RiskReading, RiskResponse

_COLUMNS = ("At", "Level", "All is worth", "Lost that day", "Why")
_RESPONSE_COLUMNS = ("From level", "What happens")


def show(options: dict[str, Any]) -> Answer:
    """The level as it was last worked out, or now."""
    reading = risk.assess_risk() if options["now"] else risk.latest_reading()
    if reading is None:
        raise BadInput("the risk was not worked out yet; the workers do it, or `risk show --now`")
    facts = {**_facts(reading), "configured": risk.response_to(reading.level)}
    said = [f"the risk is {reading.level} as of {reading.at:%Y-%m-%d %H:%M:%S} UTC"]
    said += [f"- {reason}" for reason in reading.reasons]
    said.append(f"all is worth {_shown(facts['equity_cents'])}")
    said.append(f"lost today {_shown(facts['day_loss_cents'])}")
    said.append(f"configured for this level: {_words(facts['configured'])}")
    return Answer(facts, tuple(said))


def history(options: dict[str, Any]) -> Answer:
    """The newest first."""
    rows = RiskReading.objects.order_by("-at", "-id")
    if options["level"]:
        rows = rows.filter(level=options["level"])
    facts = [_facts(one) for one in rows[: options["limit"]]]
    lines = [
        (
            str(one["at"]),
            str(one["level"]),
            _shown(one["equity_cents"]),
            _shown(one["day_loss_cents"]),
            "; ".join(one["reasons"]),
        )
        for one in facts
    ]
    return Answer(facts, (table("Risk", _COLUMNS, lines),))


def responses(_options: dict[str, Any]) -> Answer:
    """What is configured for each level."""
    facts = risk.responses()
    lines = [(level, _words(action)) for level, action in facts.items()]
    return Answer(facts, (table("Responses to risk", _RESPONSE_COLUMNS, lines),))


def set_response(options: dict[str, Any]) -> Answer:
    """Configure one; it holds from the next signature on."""
    level, action = options["level"], options["action"]
    if not options["dry_run"]:
        actor, reason = shell_actor(), options["reason"]
        risk.set_response(level=level, action=action, actor=actor, reason=reason)
    would = "would happen" if options["dry_run"] else "happens"
    facts = {"level": level, "action": action, "done": not options["dry_run"]}
    return Answer(facts, (f"from level {level} on this {would}: {_words(action)}",))


def _words(action: Any) -> str:
    return str(RiskResponse.Action(action).label).lower()


def _facts(reading: RiskReading) -> dict[str, Any]:
    return {
        "at": reading.at.isoformat(),
        "level": reading.level,
        "reasons": reading.reasons,
        "equity_cents": reading.figures.get("equity_cents"),
        "day_loss_cents": reading.figures.get("day_loss_cents"),
    }


def _shown(cents: Any) -> str:
    return "unknown" if cents is None else dollars(int(cents))
