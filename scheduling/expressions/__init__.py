"""Amounts that are said as a share of what a wallet has."""
