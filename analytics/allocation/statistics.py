"""Yearly covariance and means from daily returns.

The covariance is shrunk towards one without correlations (Schäfer and Strimmer 2005, target D):
each bucket keeps its own variance, as a coin of one dollar and one that doubles must.
"""

from analytics.allocation.values import DAYS_PER_YEAR, CannotAllocate, Matrix, Statistics
from analytics.numeric import np

# With fewer returns nobody knows how buckets move together.
FEWEST_DAYS = 30


def measure(names: tuple[str, ...], returns: Matrix) -> Statistics:
    """From returns, a row for each day and a column for each bucket.

    CannotAllocate for fewer than 30 days, or for as many buckets as a third of them.
    """
    days, count = returns.shape
    if days < max(FEWEST_DAYS, 3 * count):
        raise CannotAllocate(
            f"only {days} days have prices of all of {', '.join(names)}; "
            f"{max(FEWEST_DAYS, 3 * count)} are needed: wait, or import older prices"
        )
    covariance = np.atleast_2d(np.cov(returns, rowvar=False, ddof=1))
    shrinkage = optimal_shrinkage(returns)
    shrunk = covariance * (1 - shrinkage) + np.diag(np.diag(covariance)) * shrinkage
    return Statistics(
        names,
        positive(shrunk) * DAYS_PER_YEAR,
        returns.mean(axis=0) * DAYS_PER_YEAR,
        days,
        shrinkage,
    )


def optimal_shrinkage(returns: Matrix) -> float:
    """How much of the correlations is noise: their estimated variance over their squares, 0 to 1.

    Of standardised returns; those that never moved have no correlation.
    """
    days = len(returns)
    centred = returns - returns.mean(axis=0)
    deviations = centred.std(axis=0, ddof=1)
    moving = centred[:, deviations > 0] / deviations[deviations > 0]
    if moving.shape[1] < 2:
        return 0.0
    products = np.einsum("ti,tj->tij", moving, moving)
    means = products.mean(axis=0)
    noise = days / (days - 1) ** 3 * ((products - means) ** 2).sum(axis=0)
    found = means * days / (days - 1)
    apart = ~np.eye(moving.shape[1], dtype=bool)
    squares = float((found[apart] ** 2).sum())
    return min(1.0, float(noise[apart].sum()) / squares) if squares else 1.0


def positive(covariance: Matrix) -> Matrix:
    """The same with eigenvalues below zero, which only rounding makes, at zero."""
    symmetric = (covariance + covariance.T) / 2
    values, vectors = np.linalg.eigh(symmetric)
    if values.min(initial=0) >= 0:
        return np.asarray(symmetric, dtype=float)
    return np.asarray(vectors @ np.diag(values.clip(min=0)) @ vectors.T, dtype=float)
