"""What being nearer to the target is worth over the policy's horizon.

`a/2 · (off before - off after) · value · days/365`, where `off` is the variance of what weights
differ from the target by, d·covariance·d, and `a` the risk aversion (one over the fraction for
Kelly). To whom the target is the optimum of a quadratic utility, that is at most what the utility
gains: a lower bound, in money of today. The reserve counts as without risk.
"""

import math
from collections.abc import Sequence

from analytics.allocation.values import DAYS_PER_YEAR, WHOLE, Matrix
from analytics.models import AllocationPolicy
from analytics.numeric import np


def benefit_cents(
    policy: AllocationPolicy,
    covariance: Matrix,
    *,
    before: Sequence[int],
    after: Sequence[int],
    target_bps: Sequence[int],
) -> int:
    """US cents, rounded down; all lists are of the buckets and, last, the reserve."""
    total = sum(before)
    target = np.array(target_bps[:-1], dtype=float) / WHOLE
    off = [(np.array(one[:-1], dtype=float) / total - target) for one in (before, after)]
    gained = float(off[0] @ covariance @ off[0] - off[1] @ covariance @ off[1])
    years = policy.horizon_days / DAYS_PER_YEAR
    return math.floor(aversion(policy) / 2 * gained * total * years)


def aversion(policy: AllocationPolicy) -> float:
    """How much variance weighs."""
    if policy.method == AllocationPolicy.Method.KELLY:
        return 1 / float(policy.kelly_fraction)
    return float(policy.risk_aversion)
