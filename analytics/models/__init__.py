"""Floor 4's tables."""

from analytics.models.campaigns import Campaign, Claim, Eligibility
from analytics.models.chain_history import ChainScan, ChainTransaction, ChainTransfer, Source
from analytics.models.equity import EquityPoint
from analytics.models.ledger import LedgerCursor, LedgerEntry, Unbooked
from analytics.models.rollups import Rollup, RollupDirt, RollupMark

__all__ = [
    "Campaign",
    "ChainScan",
    "ChainTransaction",
    "ChainTransfer",
    "Claim",
    "Eligibility",
    "EquityPoint",
    "LedgerCursor",
    "LedgerEntry",
    "Rollup",
    "RollupDirt",
    "RollupMark",
    "Source",
    "Unbooked",
]
