"""What is known of what wallets hold: every wallet and token asked for, known or not."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from wallets.models import Balance, Network, Token, Wallet


@dataclass(frozen=True, slots=True)
class Held:
    """A wallet's balance of a token in base units; None where it is not known."""

    wallet: Wallet
    token: Token
    amount: int | None
    block_number: int | None
    block_at: datetime | None
    read_at: datetime | None


def holdings(*, wallets: Iterable[Wallet], networks: Iterable[Network]) -> list[Held]:
    """Each of the wallets with each enabled token of the networks, in order of their names."""
    owners = sorted(wallets, key=lambda one: one.label)
    tokens = list(
        Token.objects.filter(network__in=list(networks), enabled=True)
        .select_related("network")
        .order_by("network__slug", "symbol", "pk")
    )
    rows = Balance.objects.filter(token__in=tokens).select_related("snapshot")
    if len(owners) == 1:
        rows = rows.filter(wallet=owners[0])
    known = {(row.wallet_id, row.token_id): row for row in rows}
    return [
        _held(owner, token, known.get((owner.pk, token.pk))) for owner in owners for token in tokens
    ]


def _held(wallet: Wallet, token: Token, row: Balance | None) -> Held:
    if row is None:
        return Held(wallet, token, None, None, None, None)
    at = row.snapshot
    return Held(wallet, token, row.amount, at.block_number, at.block_at, at.taken_at)
