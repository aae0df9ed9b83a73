"""Reading what wallets hold, and keeping it: one snapshot is one block of one network."""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import QuerySet

from wallets.addresses import parse_address
from wallets.chain.client import NetworkClient
from wallets.chain.multicall import Balances, Holding, read_balances
from wallets.models import Balance, BalancePoint, BalanceSnapshot, Network, Token, Wallet

ROWS_AT_ONCE = 2000


def take_snapshot(
    *,
    network: Network,
    client: NetworkClient,
    wallets: Iterable[Wallet] | None = None,
    tokens: Iterable[Token] | None = None,
) -> BalanceSnapshot:
    """Read the wallets' balances of the network's enabled tokens at the newest block.

    What is read replaces what was known, and what changed is kept as history. ChainError when
    nobody answers; then nothing is written.
    """
    owners = list(wallets if wallets is not None else watched_wallets())
    held = list(tokens if tokens is not None else network.tokens.filter(enabled=True))
    pairs = [(owner, token) for owner in owners for token in held]
    holdings = [_holding(owner, token) for owner, token in pairs]
    return _store(network, pairs, read_balances(client, holdings))


def watched_wallets() -> QuerySet[Wallet]:
    """Wallets whose balances are read: all that are not retired."""
    return Wallet.objects.exclude(status=Wallet.Status.RETIRED)


def _holding(owner: Wallet, token: Token) -> Holding:
    return Holding(
        parse_address(owner.address), parse_address(token.address) if token.address else None
    )


def _store(
    network: Network, pairs: Sequence[tuple[Wallet, Token]], found: Balances
) -> BalanceSnapshot:
    with transaction.atomic():
        # One writer a network: an older reading never replaces a newer one.
        Network.objects.select_for_update().get(pk=network.pk)
        snapshot = BalanceSnapshot.objects.create(
            network=network,
            block_number=found.block.number,
            block_hash=found.block.hash,
            block_at=found.block.at,
            read=len(pairs),
            unknown=sum(amount is None for amount in found.amounts),
        )
        rows = [
            Balance(wallet=wallet, token=token, amount=amount, snapshot=snapshot)
            for (wallet, token), amount in zip(pairs, found.amounts, strict=True)
        ]
        _replace(network, rows)
    return snapshot


def _replace(network: Network, rows: list[Balance]) -> None:
    known = Balance.objects.filter(token__network=network).select_related("snapshot")
    before = {(one.wallet_id, one.token_id): one for one in known.iterator(ROWS_AT_ONCE)}
    newer = [row for row in rows if not _is_older(row, before)]
    changed = [row for row in newer if _is_change(row, before)]
    Balance.objects.bulk_create(
        newer,
        batch_size=ROWS_AT_ONCE,
        update_conflicts=True,
        unique_fields=("wallet", "token"),
        update_fields=("amount", "snapshot"),
    )
    BalancePoint.objects.bulk_create(
        (
            BalancePoint(
                snapshot=row.snapshot, wallet=row.wallet, token=row.token, amount=row.amount
            )
            for row in changed
        ),
        batch_size=ROWS_AT_ONCE,
    )


def _is_older(row: Balance, before: dict[tuple[int, int], Balance]) -> bool:
    known = before.get((row.wallet_id, row.token_id))
    return known is not None and known.snapshot.block_number > row.snapshot.block_number


def _is_change(row: Balance, before: dict[tuple[int, int], Balance]) -> bool:
    known = before.get((row.wallet_id, row.token_id))
    return known is None or known.amount != row.amount
