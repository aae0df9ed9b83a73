"""Floor 4's tables."""

from analytics.models.campaigns import Campaign, Claim, Eligibility
from analytics.models.equity import EquityPoint
from analytics.models.ledger import LedgerCursor, LedgerEntry, Unbooked

__all__ = [
    "Campaign",
    "Claim",
    "Eligibility",
    "EquityPoint",
    "LedgerCursor",
    "LedgerEntry",
    "Unbooked",
]
