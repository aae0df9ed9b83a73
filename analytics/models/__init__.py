"""Floor 4's tables."""

from analytics.models.alerts import Alert, AlertRule, JobMark, Notification, Severity, Silence
from analytics.models.allocation import (
    AllocationBucket,
    AllocationCap,
    AllocationPolicy,
    AllocationRun,
    Rebalance,
    RebalanceEvent,
)
from analytics.models.basis import BasisCheckpoint, ProfitDay
from analytics.models.campaigns import Campaign, Claim, Eligibility
from analytics.models.chain_history import ChainScan, ChainTransaction, ChainTransfer, Source
from analytics.models.criteria import Attestation, CriterionEvaluation, CriterionResult
from analytics.models.equity import CountedBalance, EquityPoint
from analytics.models.ledger import LedgerCursor, LedgerEntry, Unbooked
from analytics.models.reports import Report
from analytics.models.roi import RoiReading
from analytics.models.rollups import Rollup, RollupDirt, RollupMark

__all__ = [
    "BasisCheckpoint",
    "Alert",
    "AlertRule",
    "Attestation",
    "Notification",
    "Severity",
    "Silence",
    "AllocationBucket",
    "AllocationCap",
    "AllocationPolicy",
    "AllocationRun",
    "Campaign",
    "ChainScan",
    "ChainTransaction",
    "ChainTransfer",
    "Claim",
    "CountedBalance",
    "CriterionEvaluation",
    "CriterionResult",
    "Eligibility",
    "EquityPoint",
    "LedgerCursor",
    "JobMark",
    "LedgerEntry",
    "ProfitDay",
    "Rebalance",
    "RebalanceEvent",
    "Report",
    "RoiReading",
    "Rollup",
    "RollupDirt",
    "RollupMark",
    "Source",
    "Unbooked",
]
