"""Reading what wallets hold, and keeping it: one snapshot is one block of one network."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from wallets.addresses import parse_address
from wallets.chain.access import allowed_kinds
from wallets.chain.client import NetworkClient
from wallets.chain.holdings import Balances, Holding, read_balances
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

# No more values in one statement than an older SQLite takes.
ROWS_AT_ONCE = 900
Key = tuple[int, int]


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
    return _store(network, pairs, read_balances(client, _holdings(owners, held)))


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


def _holdings(owners: Iterable[Wallet], tokens: Iterable[Token]) -> list[Holding]:
    """Each owner with each token, in that order; an address is checked once, not for each."""
    addresses = [parse_address(token.address) if token.address else None for token in tokens]
    return [
        Holding(owner, address)
        for owner in [parse_address(wallet.address) for wallet in owners]
        for address in addresses
    ]


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
        _replace(snapshot, dict(zip(map(_key, pairs), found.amounts, strict=True)))
    return snapshot


@dataclass(frozen=True, slots=True)
class _Known:
    """A balance as it was kept before."""

    pk: int
    amount: int | None
    snapshot_id: int
    moment: tuple[datetime, int]


def _replace(snapshot: BalanceSnapshot, amounts: dict[Key, int | None]) -> None:
    known = _known(snapshot.network)
    newest = snapshot.block_at, snapshot.block_number
    kept = {key: one for key, one in known.items() if key in amounts and one.moment <= newest}
    changed = [
        key
        for key, amount in amounts.items()
        if (key not in known) or (key in kept and kept[key].amount != amount)
    ]
    same = [one.pk for key, one in kept.items() if one.amount == amounts[key]]
    for start in range(0, len(same), ROWS_AT_ONCE):
        some = same[start : start + ROWS_AT_ONCE]
        Balance.objects.filter(pk__in=some).update(snapshot=snapshot)
    fields = [
        {"wallet_id": wallet, "token_id": token, "amount": amounts[wallet, token]}
        for wallet, token in changed
    ]
    Balance.objects.bulk_create(
        (Balance(snapshot=snapshot, **one) for one in fields),
        batch_size=ROWS_AT_ONCE,
        update_conflicts=True,
        unique_fields=("wallet", "token"),
        update_fields=("amount", "snapshot"),
    )
    BalancePoint.objects.bulk_create(
        (BalancePoint(snapshot=snapshot, **one) for one in fields), batch_size=ROWS_AT_ONCE
    )
    _forget({one.snapshot_id for one in kept.values()})


def _known(network: Network) -> dict[Key, _Known]:
    rows = Balance.objects.filter(token__network=network).values_list(
        "wallet_id",
        "token_id",
        "pk",
        "amount",
        "snapshot_id",
        "snapshot__block_at",
        # Time comes first: a devnet that starts anew counts its blocks from nothing.
        "snapshot__block_number",
    )
    return {
        (wallet, token): _Known(pk, amount, snapshot, (at, number))
        for wallet, token, pk, amount, snapshot, at, number in rows.iterator(ROWS_AT_ONCE)
    }


def _forget(snapshots: set[int]) -> None:
    """Delete snapshots that were the latest and changed nothing: history keeps what changed."""
    BalanceSnapshot.objects.filter(
        ~Exists(Balance.objects.filter(snapshot=OuterRef("pk"))),
        ~Exists(BalancePoint.objects.filter(snapshot=OuterRef("pk"))),
        pk__in=snapshots,
    ).delete()


def _key(pair: tuple[Wallet, Token]) -> Key:
    return pair[0].pk, pair[1].pk
