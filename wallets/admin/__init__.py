"""The console's pages of floor 1."""

from wallets.admin import (
    attempts,
    balances,
    marks,
    networks,
    prices,
    recipients,
    requests,
    safety,
    transactions,
    wallets,
    workers,
)

__all__ = [
    "attempts",
    "balances",
    "marks",
    "networks",
    "prices",
    "recipients",
    "requests",
    "safety",
    "transactions",
    "wallets",
    "workers",
]
