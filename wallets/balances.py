"""Reading what wallets hold, and keeping it: one snapshot is one block of one network."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from wallets.addresses import parse_address
from wallets.chain.access import allowed_kinds
from wallets.chain.client import NetworkClient
from wallets.chain.multicall import Balances, Holding, read_balances
from wallets.models import (
    Balance,
    BalancePoint,
    BalanceSnapshot,
    Lease,
    Network,
    RpcEndpoint,
    Token,
    Wallet,
)

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


def networks_with_balances() -> QuerySet[Network]:
    """Networks this installation may ask, where there is a wallet and a token to ask for."""
    return Network.objects.filter(
        Exists(RpcEndpoint.objects.filter(network=OuterRef("pk"), enabled=True, can_read=True)),
        Exists(Token.objects.filter(network=OuterRef("pk"), enabled=True)),
        Exists(watched_wallets()),
        enabled=True,
        kind__in=allowed_kinds(),
    )


def watched_wallets() -> QuerySet[Wallet]:
    """Wallets whose balances are read: all that are not retired."""
    return Wallet.objects.exclude(status=Wallet.Status.RETIRED)


def lease_name(network_id: int | str) -> str:
    """The lease of whoever reads the balances of a network."""
    return f"balances:{network_id}"


def _holding(owner: Wallet, token: Token) -> Holding:
    return Holding(
        parse_address(owner.address), parse_address(token.address) if token.address else None
    )


def _store(
    network: Network, pairs: Sequence[tuple[Wallet, Token]], found: Balances
) -> BalanceSnapshot:
    lock, _ = Lease.objects.get_or_create(name=lease_name(network.pk))
    with transaction.atomic():
        # One writer a network: an older reading never replaces a newer one. The network's own row
        # is left to whoever makes or watches transactions.
        Lease.objects.select_for_update().get(pk=lock.pk)
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
    before = {_key(one): one for one in known.iterator(ROWS_AT_ONCE)}
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
    _forget({before[key].snapshot_id for row in newer if (key := _key(row)) in before})


def _forget(snapshots: set[int]) -> None:
    """Delete snapshots that were the latest and changed nothing: history keeps what changed."""
    BalanceSnapshot.objects.filter(
        ~Exists(Balance.objects.filter(snapshot=OuterRef("pk"))),
        ~Exists(BalancePoint.objects.filter(snapshot=OuterRef("pk"))),
        pk__in=snapshots,
    ).delete()


def _key(row: Balance) -> tuple[int, int]:
    return row.wallet_id, row.token_id


def _is_older(row: Balance, before: dict[tuple[int, int], Balance]) -> bool:
    known = before.get(_key(row))
    return known is not None and _moment(known.snapshot) > _moment(row.snapshot)


def _moment(snapshot: BalanceSnapshot) -> tuple[datetime, int]:
    """By time first: a devnet that starts anew counts its blocks from nothing."""
    return snapshot.block_at, snapshot.block_number


def _is_change(row: Balance, before: dict[tuple[int, int], Balance]) -> bool:
    known = before.get(_key(row))
    return known is None or known.amount != row.amount
