"""Every check there is, in the order of the answer."""

from collections.abc import Callable
from dataclasses import dataclass

from airdrops_site.health.component import Component, Facts, Severity
from airdrops_site.health.networks import look_at_networks, look_at_protocols
from airdrops_site.health.storage import look_at_database
from airdrops_site.health.survey import Survey
from airdrops_site.health.transactions import look_at_risk, look_at_transactions
from airdrops_site.health.workers import look_at_scheduler, look_at_workers


@dataclass(frozen=True, slots=True)
class Check:
    """A component's name, how to look at it, and what to say when that was not possible.

    `turn` is the order of looking: 0 is the database, without which there is nothing to look at;
    what calls out of the machine comes last, so that it delays nothing else.
    """

    name: str
    look: Callable[[Survey], Component]
    unknown: Component
    turn: int = 1


def _unknown(facts: Facts) -> Component:
    return Component(facts, Severity.DEGRADED)


CHECKS = (
    Check("scheduler", look_at_scheduler, _unknown({"status": "unknown", "tasks_queued": None})),
    Check("risk_manager", look_at_risk, _unknown({"status": "unknown", "alerts": None})),
    Check("protocols", look_at_protocols, _unknown({}), turn=2),
    Check(
        "database",
        look_at_database,
        Component(
            {"status": "unreachable"},
            Severity.UNHEALTHY,
            problems=(
                "The database does not answer; see that it runs and that DATABASE_URL leads to it.",
            ),
        ),
        turn=0,
    ),
    Check("workers", look_at_workers, _unknown({"status": "unknown", "alive": None})),
    Check("networks", look_at_networks, _unknown({}), turn=2),
    Check("transactions", look_at_transactions, _unknown({"pending": None, "stuck": None})),
)
