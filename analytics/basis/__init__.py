"""Cost basis: lots by FIFO or average cost, and the profit on them."""

from analytics.basis.lots import METHODS, Method
from analytics.basis.profits import Profit, ProfitLine, profit

__all__ = ["METHODS", "Method", "Profit", "ProfitLine", "profit"]
