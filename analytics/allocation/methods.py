"""From a policy's method to weights."""

from collections.abc import Sequence

from analytics.allocation import solver
from analytics.allocation.bounds import require_possible
from analytics.allocation.values import (
    WHOLE,
    Bounds,
    CannotAllocate,
    Solution,
    Statistics,
    Vector,
)
from analytics.models import AllocationBucket, AllocationPolicy
from analytics.numeric import np

M = AllocationPolicy.Method
# These rest on how prices moved; the others on what a person said.
FROM_HISTORY = (M.RISK_PARITY, M.MEAN_VARIANCE, M.KELLY)
# A weight further than this outside of a bound breaks it.
_OUTSIDE = 1e-7


def solve(
    policy: AllocationPolicy,
    buckets: Sequence[AllocationBucket],
    bounds: Bounds,
    statistics: Statistics | None,
) -> Solution:
    """The weights of the policy's method; CannotAllocate where it has none."""
    if not bounds.at_work:
        require_possible(bounds, exactly=False)
        return Solution(np.zeros(len(bounds)), "none needed", "nothing may be at work")
    require_possible(bounds, exactly=policy.method != M.KELLY)
    match policy.method:
        case M.EQUAL_WEIGHT:
            return _as_near_as_may_be(np.full(len(bounds), 1 / len(bounds)), bounds)
        case M.FIXED:
            return _as_near_as_may_be(_fixed(buckets), bounds)
    if statistics is None:
        raise CannotAllocate(f"{policy.get_method_display()} needs a history of prices")
    return _from_history(policy, buckets, bounds, statistics)


def _from_history(
    policy: AllocationPolicy,
    buckets: Sequence[AllocationBucket],
    bounds: Bounds,
    known: Statistics,
) -> Solution:
    if policy.method == M.RISK_PARITY:
        return _risk_parity(bounds, known)
    means, problems = expected_returns(policy, buckets, known)
    if policy.method == M.KELLY:
        fraction = float(policy.kelly_fraction)
        found = solver.kelly(means, known.covariance, bounds, fraction=fraction)
    else:
        aversion = float(policy.risk_aversion)
        found = solver.mean_variance(means, known.covariance, bounds, risk_aversion=aversion)
    return Solution(found.weights, found.solver, found.status, problems)


def expected_returns(
    policy: AllocationPolicy, buckets: Sequence[AllocationBucket], known: Statistics
) -> tuple[Vector, tuple[str, ...]]:
    """What a person gave, or the mean of the past where the policy allows it, with a warning."""
    given = [one.expected_return for one in buckets]
    unknown = [str(one) for one, value in zip(buckets, given, strict=True) if value is None]
    if unknown and not policy.means_from_history:
        raise CannotAllocate(
            f"nobody says what {', '.join(unknown)} is expected to return: give a return and its "
            "source, or allow the mean of the past"
        )
    means = [
        float(mean) if value is None else float(value)
        for value, mean in zip(given, known.means, strict=True)
    ]
    told = f"the expected return of {', '.join(unknown)} is the mean of {known.days} past days"
    return np.array(means), ((f"{told}: it says little about the future",) if unknown else ())


def _risk_parity(bounds: Bounds, known: Statistics) -> Solution:
    calm = [
        name
        for name, variance in zip(known.names, np.diag(known.covariance), strict=True)
        if variance <= 0
    ]
    if calm:
        raise CannotAllocate(
            f"the price of {', '.join(calm)} never moved: no weight of it has any risk; keep it "
            "as the reserve"
        )
    found = solver.risk_parity(known.covariance, at_work=bounds.at_work)
    if not is_outside(found.weights, bounds):
        return found
    near = solver.nearest(found.weights, bounds)
    told = "the bounds do not allow equal risk; the weights are the nearest to it that they allow"
    return Solution(near.weights, near.solver, near.status, (told,))


def _as_near_as_may_be(shares: Vector, bounds: Bounds) -> Solution:
    wanted = shares * bounds.at_work / WHOLE
    if not is_outside(wanted, bounds):
        return Solution(wanted, "none needed", "as wanted")
    near = solver.nearest(wanted, bounds)
    told = "the bounds do not allow these shares; the weights are the nearest that they allow"
    return Solution(near.weights, near.solver, near.status, (told,))


def _fixed(buckets: Sequence[AllocationBucket]) -> Vector:
    missing = [str(one) for one in buckets if one.target_bps is None]
    if missing:
        raise CannotAllocate(f"{', '.join(missing)} has no share; give each bucket one")
    shares = [one.target_bps or 0 for one in buckets]
    if sum(shares) != WHOLE:
        raise CannotAllocate(
            f"the fixed shares add up to {sum(shares)} basis points; they are shares of what is "
            "at work, 10000 together"
        )
    return np.array(shares, dtype=float) / WHOLE


def is_outside(weights: Vector, bounds: Bounds) -> bool:
    """Whether a bound or a cap is broken."""
    least, most = (np.array(one) / WHOLE for one in (bounds.least, bounds.most))
    capped = any(
        weights[list(cap.members)].sum() > cap.most / WHOLE + _OUTSIDE for cap in bounds.caps
    )
    single = np.any(weights < least - _OUTSIDE) or np.any(weights > most + _OUTSIDE)
    return bool(capped or single)
