"""The console's pages of floor 1."""

from wallets.admin import attempts, networks, requests, safety, transactions, wallets, workers

__all__ = ["attempts", "networks", "requests", "safety", "transactions", "wallets", "workers"]
