"""The states of rebalances, and the arrows between them."""

from collections.abc import Sequence
from typing import Any

from django.db.models import TextChoices

from wallets import tallies
from wallets.transitions import Machine


class RebalanceState(TextChoices):
    """Where a rebalance is. Its tasks are there from `approved` on, and due from `applied` on."""

    PROPOSED = "proposed", "Proposed"
    APPROVED = "approved", "Approved"
    APPLIED = "applied", "Applied"
    REFUSED = "refused", "Refused"
    EXPIRED = "expired", "Expired"


S = RebalanceState
ENDED = (S.APPLIED, S.REFUSED, S.EXPIRED)
REBALANCES = "rebalances"


def _count_rebalance(rows: Sequence[Any], _old: str, new: str) -> None:
    if new in ENDED:
        for row in rows:
            tallies.add(REBALANCES, {"policy": row.policy.name, "outcome": new})


REBALANCE = Machine(
    "rebalance",
    {
        "": (S.PROPOSED, S.REFUSED),
        S.PROPOSED: (S.APPROVED, S.REFUSED, S.EXPIRED),
        S.APPROVED: (S.APPLIED, S.REFUSED, S.EXPIRED),
    },
    _count_rebalance,
)
