"""How much may be at work at the present risk level."""

from datetime import datetime

from analytics.models import AllocationPolicy
from scheduling.models import RiskLevel
from scheduling.risk import OLDEST, latest_reading

UNKNOWN = "unknown"


def present_level(now: datetime) -> str:
    """The newest level, or `unknown` where nobody has worked it out lately."""
    reading = latest_reading()
    if reading is None or now - reading.at > OLDEST:
        return UNKNOWN
    return str(reading.level)


def share_at_work(policy: AllocationPolicy, level: str) -> int:
    """Basis points of the capital beside the reserve; an unknown level is the worst."""
    match level:
        case RiskLevel.LOW:
            return policy.at_low_bps
        case RiskLevel.MEDIUM:
            return policy.at_medium_bps
        case RiskLevel.HIGH:
            return policy.at_high_bps
    return policy.at_critical_bps
