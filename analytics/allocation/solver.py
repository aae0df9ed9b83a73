"""The convex problems, and the only place that knows the optimiser (cvxpy).

Weights are shares of the whole. Every problem is scaled before it is solved, so that tolerances
mean the same whatever the variances are.
"""

import warnings
from typing import Any

from analytics.allocation.values import (
    WHOLE,
    Bounds,
    CannotAllocate,
    Matrix,
    Solution,
    Vector,
)
from analytics.numeric import np

SOLVER = "CLARABEL"
# Tighter than what is kept (a basis point) by far: two solvers agree within 1e-6.
_TIGHT = {
    "tol_gap_abs": 1e-11,
    "tol_gap_rel": 1e-11,
    "tol_feas": 1e-11,
    "max_iter": 500,
}
_SOLVED = ("optimal", "optimal_inaccurate")
# How far from equal risk contributions may be, as a share of the risk.
EQUAL_WITHIN = 1e-6


def nearest(wanted: Vector, bounds: Bounds) -> Solution:
    """The weights within the bounds with the least squared distance from these."""
    cp = _cvxpy()
    weights = cp.Variable(len(bounds))
    objective = cp.Minimize(cp.sum_squares(weights - wanted))
    return _solve(objective, weights, [*_within(weights, bounds), _all_at_work(weights, bounds)])


def mean_variance(
    means: Vector, covariance: Matrix, bounds: Bounds, *, risk_aversion: float
) -> Solution:
    """The most of `means·w - risk_aversion/2 · w·covariance·w`, all at work."""
    cp = _cvxpy()
    weights = cp.Variable(len(bounds))
    utility = means @ weights - risk_aversion / 2 * cp.quad_form(weights, cp.psd_wrap(covariance))
    scale = _scale(risk_aversion * covariance, means)
    constraints = [*_within(weights, bounds), _all_at_work(weights, bounds)]
    return _solve(cp.Maximize(utility / scale), weights, constraints)


def kelly(means: Vector, covariance: Matrix, bounds: Bounds, *, fraction: float) -> Solution:
    """The most of `means·w - w·covariance·w/(2·fraction)`: growth to the second order.

    Without bounds that is `fraction` of covariance⁻¹·means. At most what may work is at work.
    """
    cp = _cvxpy()
    weights = cp.Variable(len(bounds))
    risk = cp.quad_form(weights, cp.psd_wrap(covariance)) / (2 * fraction)
    scale = _scale(covariance / fraction, means)
    most = cp.sum(weights) <= bounds.at_work / WHOLE
    objective = cp.Maximize((means @ weights - risk) / scale)
    return _solve(objective, weights, [*_within(weights, bounds), most])


def risk_parity(covariance: Matrix, *, at_work: int = WHOLE) -> Solution:
    """Weights of which each contributes the same to the variance; bounds are not looked at.

    Least of `y·covariance·y/2 - sum(log y)/n` (Spinu 2013), made to sum up; polished by Newton's
    method, since the contributions shall be equal within 1e-6.
    """
    cp = _cvxpy()
    count = len(covariance)
    deviations = np.sqrt(np.diag(covariance))
    correlations = covariance / np.outer(deviations, deviations)
    # In units of each one's own deviation: the same problem, well scaled.
    scaled = cp.Variable(count, pos=True)
    barrier = cp.sum(cp.log(scaled)) / count
    risk = cp.quad_form(scaled, cp.psd_wrap(correlations)) / 2
    found = _solve(cp.Minimize(risk - barrier), scaled, [])
    raw = _polished(found.weights, correlations) / deviations
    weights = raw / raw.sum() * at_work / WHOLE
    spread = contribution_spread(weights, covariance)
    if spread > EQUAL_WITHIN:
        raise CannotAllocate(
            f"{SOLVER} found no weights of equal risk (they differ by {spread:.1e}); two buckets "
            "may move alike: make one of them"
        )
    return Solution(weights, found.solver, found.status, facts={"spread": spread})


def contribution_spread(weights: Vector, covariance: Matrix) -> float:
    """How far apart risk contributions are, as a share of the whole risk."""
    parts = weights * (covariance @ weights)
    return float((parts.max() - parts.min()) / parts.sum())


def relaxed(bounds: Bounds, *, exactly: bool) -> list[str]:
    """The bounds that would have to give way, told with by how much: the least there is."""
    cp = _cvxpy()
    weights = cp.Variable(len(bounds))
    rules = list(_rules(cp, weights, bounds, exactly=exactly))
    slack = cp.Variable(len(rules), nonneg=True)
    constraints = [left <= right + slack[place] for place, (_, left, right) in enumerate(rules)]
    problem = cp.Problem(cp.Minimize(cp.sum(slack)), [*constraints, weights >= 0])
    try:
        problem.solve(solver=SOLVER)
    except cp.error.SolverError as error:
        raise CannotAllocate(f"{SOLVER} could not say whether the bounds fit: {error}") from error
    given = slack.value if slack.value is not None else np.zeros(len(rules))
    return [
        f"{name} by {short * 100:.2f} %"
        for (name, _, _), short in zip(rules, given, strict=True)
        if short > 1e-6
    ]


def _rules(cp: Any, weights: Any, bounds: Bounds, *, exactly: bool) -> Any:
    for place, name in enumerate(bounds.names):
        yield f"the minimum of {name}", -weights[place], -bounds.least[place] / WHOLE
        yield f"the maximum of {name}", weights[place], bounds.most[place] / WHOLE
    for cap in bounds.caps:
        yield f"the cap of {cap.name}", cp.sum(weights[list(cap.members)]), cap.most / WHOLE
    yield "what may be at work", cp.sum(weights), bounds.at_work / WHOLE
    if exactly:
        yield "what has to be at work", -cp.sum(weights), -bounds.at_work / WHOLE


def _polished(start: Vector, matrix: Matrix) -> Vector:
    """Newton's steps on the same problem, as long as they make it better."""
    point, count = start, len(start)
    for _ in range(50):
        gradient = matrix @ point - 1 / (count * point)
        step = np.linalg.solve(matrix + np.diag(1 / (count * point**2)), gradient)
        longest = float(np.max(step / point))
        point = point - step * min(1.0, 0.9 / longest if longest > 0 else 1.0)
        if np.max(np.abs(step) / point) < 1e-14:
            break
    return point


def _within(weights: Any, bounds: Bounds) -> list[Any]:
    cp = _cvxpy()
    least, most = (np.array(one) / WHOLE for one in (bounds.least, bounds.most))
    caps = [cp.sum(weights[list(cap.members)]) <= cap.most / WHOLE for cap in bounds.caps]
    return [weights >= least, weights <= most, *caps]


def _all_at_work(weights: Any, bounds: Bounds) -> Any:
    return _cvxpy().sum(weights) == bounds.at_work / WHOLE


def _scale(covariance: Matrix, means: Vector) -> float:
    return float(max(np.abs(covariance).max(initial=0), np.abs(means).max(initial=0))) or 1.0


def _solve(objective: Any, weights: Any, constraints: list[Any]) -> Solution:
    cp = _cvxpy()
    problem = cp.Problem(objective, constraints)
    try:
        with warnings.catch_warnings():
            # An answer that is less tight is told by its status.
            warnings.simplefilter("ignore")
            problem.solve(solver=SOLVER, **_TIGHT)
    except cp.error.SolverError as error:
        raise CannotAllocate(f"{SOLVER} could not solve it: {error}") from error
    if problem.status not in _SOLVED or weights.value is None:
        raise CannotAllocate(f"{SOLVER} found no weights: the problem is {problem.status}")
    return Solution(np.asarray(weights.value, dtype=float), SOLVER, str(problem.status))


def _cvxpy() -> Any:
    """Half a second to import: only where something is solved."""
    import cvxpy

    return cvxpy
