"""Working out a policy's target: everything it rests on is kept with it."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal, localcontext
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from analytics.allocation.bounds import share
from analytics.allocation.histories import bucket_returns
from analytics.allocation.holdings import Cell, Holdings, read_holdings, spread_of
from analytics.allocation.levels import UNKNOWN, present_level, share_at_work
from analytics.allocation.methods import FROM_HISTORY, solve
from analytics.allocation.rounding import to_basis_points, to_cents
from analytics.allocation.statistics import measure
from analytics.allocation.values import (
    WHOLE,
    Bounds,
    CannotAllocate,
    Cap,
    Solution,
    Statistics,
)
from analytics.exposure import to_cents as cents_of
from analytics.models import AllocationBucket, AllocationCap, AllocationPolicy, AllocationRun
from wallets.amounts import DIGITS
from wallets.prices import plain

RESERVE = "reserve"


@dataclass(frozen=True, slots=True)
class Computed:
    """A target, and what it was worked out from; not kept yet."""

    policy: AllocationPolicy
    buckets: tuple[AllocationBucket, ...]
    holdings: Holdings
    inside: tuple[dict[Cell, Decimal], ...]
    outside: dict[Cell, Decimal]
    bounds: Bounds
    level: str
    statistics: Statistics | None
    solution: Solution
    # Basis points of each bucket, and last of the reserve.
    target: tuple[int, ...]
    problems: tuple[str, ...]


def compute(policy: AllocationPolicy, now: datetime) -> Computed:
    """What the policy comes to now; CannotAllocate with the sentence why not."""
    buckets = tuple(policy.buckets.all())
    if not buckets:
        raise CannotAllocate(f"{policy} has no buckets; say what capital is spread over")
    for bucket in buckets:
        _require_of_dimension(policy, bucket)
    _require_reserve_apart(policy, buckets)
    holdings = read_holdings(now)
    if holdings.total_cents <= 0:
        raise CannotAllocate("nothing is held that could be spread")
    inside, outside = spread_of(holdings, buckets)
    level = present_level(now)
    bounds, problems = bounds_of(policy, buckets, holdings.total_cents, level)
    statistics, missing = _statistics(policy, buckets, inside, now)
    solution = solve(policy, buckets, bounds, statistics)
    weights = to_basis_points(solution.weights, bounds)
    return Computed(
        policy,
        buckets,
        holdings,
        tuple(inside),
        outside,
        bounds,
        level,
        statistics,
        solution,
        (*weights, WHOLE - sum(weights)),
        (*problems, *missing, *solution.problems),
    )


def compute_run(*, policy: AllocationPolicy, now: datetime | None = None) -> AllocationRun:
    """Work it out and keep it, also that it could not be."""
    run, _ = kept_run(policy, now or timezone.now())
    return run


def kept_run(policy: AllocationPolicy, now: datetime) -> tuple[AllocationRun, Computed | None]:
    """The kept run, and what it rests on where it was not refused."""
    try:
        found = compute(policy, now)
    except CannotAllocate as error:
        run = _refused(policy, now, str(error))
        run.save()
        return run, None
    return keep(found, now), found


def keep(found: Computed, now: datetime, *, save: bool = True) -> AllocationRun:
    """A row of what was worked out."""
    run = _as_run(found, now)
    if save:
        run.save()
    return run


def worked_out(policy: AllocationPolicy, now: datetime) -> AllocationRun:
    """A run that is not saved: for trying out."""
    try:
        return _as_run(compute(policy, now), now)
    except CannotAllocate as error:
        return _refused(policy, now, str(error))


def _as_run(found: Computed, now: datetime) -> AllocationRun:
    inputs = inputs_of(found)
    return AllocationRun(
        policy=found.policy,
        at=now,
        status=AllocationRun.Status.SOLVED,
        digest=digest_of(inputs),
        inputs=inputs,
        total_cents=found.holdings.total_cents,
        lines=lines_of(found),
        level=found.level,
        solver=f"{found.solution.solver}: {found.solution.status}"[:40],
        problems=list(found.problems),
    )


def _refused(policy: AllocationPolicy, now: datetime, problem: str) -> AllocationRun:
    status = AllocationRun.Status.REFUSED
    return AllocationRun(policy=policy, at=now, status=status, problem=problem[:500])


def bounds_of(
    policy: AllocationPolicy, buckets: Sequence[AllocationBucket], total: int, level: str
) -> tuple[Bounds, list[str]]:
    """What weights have to keep: the reserve and the risk level lower what is at work.

    Minimums fall with the level: else a high risk could not be answered.
    """
    kept_out = max(policy.reserve_bps, -(-policy.reserve_cents * WHOLE // total))
    scale = share_at_work(policy, level)
    at_work = max(0, WHOLE - kept_out) * scale // WHOLE
    problems = []
    if scale < WHOLE:
        said = "unknown, which counts as critical" if level == UNKNOWN else level
        problems.append(f"the risk is {said}: {share(scale)} of the capital may be at work")
    least = tuple(one.min_bps * scale // WHOLE for one in buckets)
    caps = [_cap(one, buckets, problems) for one in policy.caps.all()]
    names = tuple(str(one) for one in buckets)
    most = tuple(one.max_bps for one in buckets)
    return Bounds(names, least, most, at_work, tuple(filter(None, caps))), problems


def _cap(
    cap: AllocationCap, buckets: Sequence[AllocationBucket], problems: list[str]
) -> Cap | None:
    """Counted are buckets that may be there: what names another place is not."""
    named = [getattr(one, cap.kind) for one in buckets]
    members = tuple(place for place, name in enumerate(named) if name == cap.key)
    loose = [str(one) for one, name in zip(buckets, named, strict=True) if not name]
    if loose:
        problems.append(f"the cap of {cap} does not bind {', '.join(loose)}, which may be anywhere")
    return Cap(str(cap), members, cap.max_bps) if members else None


def _statistics(
    policy: AllocationPolicy,
    buckets: Sequence[AllocationBucket],
    inside: Sequence[dict[Cell, Decimal]],
    now: datetime,
) -> tuple[Statistics | None, list[str]]:
    """Needed by methods that rest on history; else only by the benefit of a rebalance."""
    names = tuple(str(one) for one in buckets)
    try:
        returns = bucket_returns(buckets, inside, now, policy.lookback_days)
        return measure(names, returns.values), []
    except CannotAllocate as error:
        if policy.method in FROM_HISTORY:
            raise
        return None, [f"what a rebalance would bring is unknown: {error}"]


def _require_of_dimension(policy: AllocationPolicy, bucket: AllocationBucket) -> None:
    """The policy may have been made another after its buckets."""
    bucket.policy = policy
    try:
        bucket.clean()
    except ValidationError as error:
        raise CannotAllocate(f"the bucket {bucket}: {error.messages[0]}") from error


def _require_reserve_apart(policy: AllocationPolicy, buckets: Sequence[AllocationBucket]) -> None:
    symbol = policy.reserve_symbol
    if symbol and any(one.symbol in ("", symbol) for one in buckets):
        raise CannotAllocate(
            f"the reserve is kept in {symbol}, which is in a bucket, too; keep it in another "
            "token, or raise that bucket's minimum instead"
        )


def lines_of(found: Computed) -> list[dict[str, Any]]:
    """Of each bucket, and last of the reserve: what it has, and what it shall have."""
    cells = (*found.inside, found.outside)
    with localcontext(prec=2 * DIGITS):
        has = [cents_of(sum(one.values(), Decimal(0)), ROUND_FLOOR) for one in cells]
    total = found.holdings.total_cents
    has[-1] += total - sum(has)
    names = (*found.bounds.names, RESERVE)
    wants = to_cents(total, found.target)
    shares = _shares(has, total)
    rows = zip(names, has, shares, wants, found.target, strict=True)
    keys = ("name", "current_cents", "current_bps", "target_cents", "target_bps")
    return [dict(zip(keys, row, strict=True)) for row in rows]


def _shares(has: Sequence[int], total: int) -> list[int]:
    """Basis points that add up to the whole; what rounding takes is given to the largest losses."""
    shares = [one * WHOLE // total for one in has]
    by_loss = sorted(range(len(has)), key=lambda place: (-(has[place] * WHOLE % total), place))
    for place in by_loss[: WHOLE - sum(shares)]:
        shares[place] += 1
    return shares


def inputs_of(found: Computed) -> dict[str, Any]:
    """Everything that decides about the weights; numbers as text."""
    known = found.statistics
    return {
        "policy": policy_facts(found.policy),
        "buckets": [
            {
                "name": str(one),
                "min_bps": one.min_bps,
                "max_bps": one.max_bps,
                "target_bps": one.target_bps,
                "expected_return": _text(one.expected_return),
                "source": one.source,
            }
            for one in found.buckets
        ],
        "caps": [{"name": one.name, "max_bps": one.most} for one in found.bounds.caps],
        "at_work_bps": found.bounds.at_work,
        "level": found.level,
        "holdings": [
            {**cell._asdict(), "dollars": f"{value:f}"}
            for cell, value in sorted(found.holdings.cells.items())
        ],
        "statistics": None
        if known is None
        else {
            "days": known.days,
            "shrinkage": repr(known.shrinkage),
            "covariance": [[repr(float(one)) for one in row] for row in known.covariance],
            "means": [repr(float(one)) for one in known.means],
        },
    }


def policy_facts(policy: AllocationPolicy) -> dict[str, Any]:
    """What the policy says, as JSON has it."""
    skipped = ("id", "created_at", "enabled")
    fields = (one for one in policy._meta.concrete_fields if one.name not in skipped)
    return {one.name: _text(getattr(policy, one.attname)) for one in fields}


def _text(value: Any) -> Any:
    # Before it is stored it may have other zeros at its end.
    return plain(value) if isinstance(value, Decimal) else value


def digest_of(facts: Any) -> str:
    """SHA-256 of the facts, whatever the order of their names."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
