"""The console's pages of floor 1."""

from wallets.admin import networks, requests, safety, transactions, wallets, workers

__all__ = ["networks", "requests", "safety", "transactions", "wallets", "workers"]
