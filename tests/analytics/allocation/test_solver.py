"""The optimiser's weights against closed forms, published examples and other solvers."""

from typing import Any

import numpy as np
import osqp
import pytest
from scipy import sparse

from analytics.allocation import solver
from analytics.allocation.bounds import require_possible
from analytics.allocation.rounding import to_basis_points, to_cents
from analytics.allocation.statistics import measure, optimal_shrinkage, positive
from analytics.allocation.values import WHOLE, Bounds, CannotAllocate, Cap, Matrix, Vector

SEEDS = range(30)


def a_problem(seed: int) -> tuple[Vector, Matrix, Bounds]:
    """Expected returns, a covariance, and bounds and a cap that can be kept."""
    random = np.random.default_rng(seed)
    count = int(random.integers(2, 9))
    factors = random.normal(size=(count, count + 2)) * random.uniform(0.05, 0.5, size=(count, 1))
    covariance = factors @ factors.T / count + np.diag(random.uniform(1e-3, 0.05, count))
    means = random.normal(0.05, 0.2, count)
    least = tuple(int(one) for one in random.integers(0, 300, count))
    most = tuple(int(one) for one in random.integers(WHOLE // count + 800, WHOLE, count))
    names = tuple(f"bucket {place}" for place in range(count))
    caps = (Cap("a pair", (0, 1), WHOLE * 2 // count + 700),) if count > 3 else ()
    return means, covariance, Bounds(names, least, most, 9_000, caps)


def by_osqp(linear: Vector, quadratic: Matrix, bounds: Bounds, least_sum: float) -> Any:
    """Least of quadratic/2 - linear within the bounds, asked of OSQP itself."""
    count = len(bounds)
    caps = [[float(place in cap.members) for place in range(count)] for cap in bounds.caps]
    rows = np.vstack([np.eye(count), np.ones((1, count)), *caps])
    low = [*(one / WHOLE for one in bounds.least), least_sum, *(-np.inf for _ in caps)]
    high = [*bounds.most, bounds.at_work, *(cap.most for cap in bounds.caps)]
    other = osqp.OSQP()
    terms = (sparse.csc_matrix(quadratic), -linear, sparse.csc_matrix(rows), np.array(low))
    exact = {"eps_abs": 1e-11, "eps_rel": 1e-11, "max_iter": 200_000, "polishing": True}
    other.setup(*terms, np.array(high) / WHOLE, verbose=False, **exact)
    return other.solve().x


@pytest.mark.parametrize("seed", SEEDS)
def test_two_solvers_find_the_same_weights(seed: int) -> None:
    means, covariance, bounds = a_problem(seed)
    ours = solver.mean_variance(means, covariance, bounds, risk_aversion=4).weights
    other = by_osqp(means, 4 * covariance, bounds, bounds.at_work / WHOLE)
    assert np.abs(ours - other).max() < 1e-6
    ours = solver.kelly(means, covariance, bounds, fraction=0.5).weights
    assert np.abs(ours - by_osqp(means, 2 * covariance, bounds, -np.inf)).max() < 1e-6


@pytest.mark.parametrize("seed", SEEDS)
def test_every_risk_contribution_is_equal(seed: int) -> None:
    _, covariance, bounds = a_problem(seed)
    found = solver.risk_parity(covariance, at_work=bounds.at_work).weights
    assert solver.contribution_spread(found, covariance) < 1e-6
    assert abs(found.sum() - 0.9) < 1e-12
    assert np.abs(found - by_descent(covariance) * 0.9).max() < 1e-6


def by_descent(covariance: Matrix) -> Vector:
    """Equal risk by cyclical coordinate descent (Griveau-Billion, Richard, Roncalli 2013)."""
    count = len(covariance)
    point = 1 / np.sqrt(np.diag(covariance))
    for _ in range(3_000):
        for place in range(count):
            rest = covariance[place] @ point - covariance[place, place] * point[place]
            root = np.sqrt(rest**2 + 4 * covariance[place, place] / count)
            point[place] = (root - rest) / (2 * covariance[place, place])
    return np.asarray(point / point.sum())


@pytest.mark.parametrize("seed", SEEDS)
def test_basis_points_add_up_and_keep_every_bound(seed: int) -> None:
    means, covariance, bounds = a_problem(seed)
    weights = solver.mean_variance(means, covariance, bounds, risk_aversion=4).weights
    found = to_basis_points(weights, bounds)
    assert sum(found) == bounds.at_work
    assert all(map(int.__le__, bounds.least, found))
    assert all(map(int.__le__, found, bounds.most))
    assert all(sum(found[one] for one in cap.members) <= cap.most for cap in bounds.caps)
    assert np.abs(np.array(found) / WHOLE - weights).max() < 3e-4
    assert sum(to_cents(123_456_789, (*found, WHOLE - sum(found)))) == 123_456_789


def test_the_published_four_assets_get_their_weights() -> None:
    """Maillard, Roncalli, Teiletche, "The properties of equally weighted risk contribution
    portfolios" (2010), section 3.2: volatilities 10 to 40 %, and these correlations.
    """
    deviations = np.array([0.1, 0.2, 0.3, 0.4])
    correlations = np.array(
        [[1, 0.8, 0, 0], [0.8, 1, 0, 0], [0, 0, 1, -0.5], [0, 0, -0.5, 1]], dtype=float
    )
    found = solver.risk_parity(correlations * np.outer(deviations, deviations)).weights
    assert [round(float(one), 3) for one in found] == [0.384, 0.192, 0.243, 0.182]
    alike = np.full((4, 4), 0.3) + np.eye(4) * 0.7
    found = solver.risk_parity(alike * np.outer(deviations, deviations)).weights
    assert [round(float(one), 2) for one in found] == [0.48, 0.24, 0.16, 0.12]


def test_closed_forms_come_out() -> None:
    first, second, together = 0.04, 0.09, 0.012
    covariance = np.array([[first, together], [together, second]])
    least = solver.mean_variance(np.zeros(2), covariance, Bounds.free(2), risk_aversion=1)
    expected = (second - together) / (first + second - 2 * together)
    assert abs(least.weights[0] - expected) < 1e-8
    inverse = solver.risk_parity(np.diag([first, second]))
    assert abs(inverse.weights[0] - 0.6) < 1e-12
    one = solver.kelly(np.array([0.12]), np.array([[0.4]]), Bounds.free(1), fraction=0.5)
    assert abs(one.weights[0] - 0.5 * 0.12 / 0.4) < 1e-8


@pytest.mark.parametrize(
    ("bounds", "sentence"),
    [
        (Bounds(("A", "B"), (6_000, 5_000), (WHOLE, WHOLE)), "minimums add up to 110.00 %"),
        (Bounds(("A", "B"), (0, 0), (3_000, 4_000)), "maximums add up to 70.00 %"),
        (Bounds(("A",), (2_000,), (1_000,)), "minimum of A (20.00 %) is above its maximum"),
        (
            Bounds(("A", "B"), (4_000, 0), (WHOLE, WHOLE), caps=(Cap("aave", (0,), 3_000),)),
            "minimums of A add up to 40.00 %, above the cap of aave",
        ),
        (
            Bounds(("A", "B"), (0, 0), (WHOLE, 3_000), caps=(Cap("aave", (0,), 5_000),)),
            "relax",
        ),
    ],
)
def test_bounds_that_contradict_are_named(bounds: Bounds, sentence: str) -> None:
    with pytest.raises(CannotAllocate, match=sentence.replace("(", r"\(").replace(")", r"\)")):
        require_possible(bounds)


def test_correlations_of_noise_are_shrunk_and_variances_kept() -> None:
    random = np.random.default_rng(7)
    noise = random.normal(size=(60, 5)) * 0.01
    alike = noise[:, :1] + random.normal(size=(60, 2)) * 1e-4
    assert optimal_shrinkage(noise) > 0.5
    assert optimal_shrinkage(alike) < 0.05
    found = measure(tuple("abcde"), noise)
    assert np.allclose(np.diag(found.covariance), noise.var(axis=0, ddof=1) * 365)
    assert np.linalg.eigvalsh(positive(np.array([[1.0, 2.0], [2.0, 1.0]]))).min() > -1e-12
    with pytest.raises(CannotAllocate, match="only 20 days"):
        measure(("a", "b"), noise[:20, :2])
