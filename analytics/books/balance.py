"""The trial balance: what stands on each account, the other side of the wallets' own sums."""

from collections import defaultdict

from analytics.models import LedgerEntry
from analytics.selectors import valid_entries
from wallets.amounts import SumAmount


def account_sums() -> dict[int, dict[str, int]]:
    """By token and account, what wallets gave to it less what they got from it, in base units.

    All accounts of a token together are what its wallets have, below zero; `own` is nothing; and
    of `bridge`, over all networks of a coin, what is under way.
    """
    rows = valid_entries().values("token", "account", "kind").annotate(total=SumAmount("amount"))
    sums: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for token, account, kind, total in rows.values_list("token", "account", "kind", "total"):
        sums[token][account] += -total if kind == LedgerEntry.Kind.IN else total
    return {token: dict(accounts) for token, accounts in sums.items()}
