"""The console's pages of floor 1."""

from wallets.admin import networks, safety, transactions, wallets, workers

__all__ = ["networks", "safety", "transactions", "wallets", "workers"]
