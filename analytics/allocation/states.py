"""The states of rebalances, and the arrows between them."""

from django.db.models import TextChoices

from wallets.transitions import Machine


class RebalanceState(TextChoices):
    """Where a rebalance is. Its tasks are there from `approved` on, and due from `applied` on."""

    PROPOSED = "proposed", "Proposed"
    APPROVED = "approved", "Approved"
    APPLIED = "applied", "Applied"
    REFUSED = "refused", "Refused"
    EXPIRED = "expired", "Expired"


S = RebalanceState
REBALANCE = Machine(
    "rebalance",
    {
        "": (S.PROPOSED, S.REFUSED),
        S.PROPOSED: (S.APPROVED, S.REFUSED, S.EXPIRED),
        S.APPROVED: (S.APPLIED, S.REFUSED, S.EXPIRED),
    },
)
