"""The console's pages of floor 1."""

from wallets.admin import (
    allowances,
    attempts,
    balances,
    gas,
    limits,
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
    "allowances",
    "attempts",
    "balances",
    "gas",
    "limits",
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
