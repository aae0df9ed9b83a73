"""What all is worth over time, how well it did, and where it is."""

from analytics.portfolio.distribution import distribution
from analytics.portfolio.measures import measures, points
from analytics.portfolio.values import Measure, Measures, Point, PortfolioError

__all__ = [
    "Measure",
    "Measures",
    "Point",
    "PortfolioError",
    "distribution",
    "measures",
    "points",
]
