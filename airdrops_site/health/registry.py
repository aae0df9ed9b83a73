"""Every check there is, in the order of the answer."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from airdrops_site.health.component import Component, Facts, Severity
from airdrops_site.health.machine import look_at_backups, look_at_clock, look_at_disk
from airdrops_site.health.networks import look_at_networks, look_at_protocols
from airdrops_site.health.queue import look_at_queue
from airdrops_site.health.storage import look_at_database
from airdrops_site.health.survey import Survey
from airdrops_site.health.transactions import look_at_risk, look_at_transactions
from airdrops_site.health.wallets import look_at_keys, look_at_wallets
from airdrops_site.health.workers import look_at_scheduler, look_at_workers


class Lane(Enum):
    """What a check waits for when it hangs; those of a lane look one after the other."""

    DATABASE = "database"
    CHAINS = "chains"
    MACHINE = "machine"


@dataclass(frozen=True, slots=True)
class Check:
    """A component's name, how to look at it, and what to say when that was not possible.

    `turn` is the order of looking within the lane. No statement of it begins after `seconds`, and
    none runs longer; `late` is said instead of `unknown` when the database answers all the same.
    """

    name: str
    look: Callable[[Survey], Component]
    unknown: Component
    turn: int = 1
    lane: Lane = Lane.DATABASE
    seconds: float = 0.6
    late: Component | None = None


def _unknown(**facts: None) -> Component:
    return Component({"status": "unknown", **facts}, Severity.DEGRADED)


def _nothing(facts: Facts) -> Component:
    return Component(facts, Severity.DEGRADED)


_UNREACHABLE = Component(
    {"status": "unreachable"},
    Severity.UNHEALTHY,
    problems=(
        "The database does not answer; see that it runs, that its disk is not full and that "
        "DATABASE_URL leads to it.",
    ),
)
_SLOW = Component(
    {"status": "slow"},
    Severity.DEGRADED,
    problems=("The database answers, but not in time; see what keeps it or this machine busy.",),
)
_CHAINS = Lane.CHAINS

CHECKS = (
    Check("scheduler", look_at_scheduler, _unknown(tasks_queued=None)),
    Check("risk_manager", look_at_risk, _unknown(alerts=None)),
    # The probes have a time of their own, of a second.
    Check("protocols", look_at_protocols, _nothing({}), turn=2, lane=_CHAINS, seconds=1.2),
    Check("database", look_at_database, _UNREACHABLE, turn=0, late=_SLOW),
    Check("workers", look_at_workers, _unknown(alive=None)),
    Check("networks", look_at_networks, _nothing({}), lane=_CHAINS, seconds=1.2),
    Check("transactions", look_at_transactions, _nothing({"pending": None, "stuck": None})),
    Check("queue", look_at_queue, _unknown(jobs=None)),
    Check("wallets", look_at_wallets, _unknown(under_minimum=None), turn=2),
    Check("keys", look_at_keys, _unknown(), turn=2),
    Check("backups", look_at_backups, _unknown(newest=None), turn=2),
    Check("clock", look_at_clock, _unknown(), turn=2),
    Check("disk", look_at_disk, _unknown(), lane=Lane.MACHINE),
)
BY_NAME = {check.name: check for check in CHECKS}
