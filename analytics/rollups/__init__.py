"""Sums of each hour and day: written while the single rows are there, kept when they are gone."""
