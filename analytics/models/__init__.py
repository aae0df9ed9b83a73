"""Floor 4's tables."""

from analytics.models.allocation import (
    AllocationBucket,
    AllocationCap,
    AllocationPolicy,
    AllocationRun,
    Rebalance,
    RebalanceEvent,
)
from analytics.models.campaigns import Campaign, Claim, Eligibility
from analytics.models.chain_history import ChainScan, ChainTransaction, ChainTransfer, Source
from analytics.models.equity import EquityPoint
from analytics.models.ledger import LedgerCursor, LedgerEntry, Unbooked

__all__ = [
    "AllocationBucket",
    "AllocationCap",
    "AllocationPolicy",
    "AllocationRun",
    "Campaign",
    "ChainScan",
    "ChainTransaction",
    "ChainTransfer",
    "Claim",
    "Eligibility",
    "EquityPoint",
    "LedgerCursor",
    "LedgerEntry",
    "Rebalance",
    "RebalanceEvent",
    "Source",
    "Unbooked",
]
