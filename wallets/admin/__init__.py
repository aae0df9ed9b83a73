"""The console's pages of floor 1."""

from wallets.admin import (
    attempts,
    marks,
    networks,
    requests,
    safety,
    transactions,
    wallets,
    workers,
)

__all__ = [
    "attempts",
    "marks",
    "networks",
    "requests",
    "safety",
    "transactions",
    "wallets",
    "workers",
]
