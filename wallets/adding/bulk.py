"""Write new wallets, all or none: one database transaction, a batch in memory at a time."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from wallets.adding.rows import NewWallet, Refusal
from wallets.contracts import known_contracts
from wallets.models import Wallet, WalletGroup, WalletTag
from wallets.transitions import recorded_all

BATCH = 500
# Whoever has so many mistakes wants to correct these first.
MOST_REFUSALS = 20
Progress = Callable[[int], None]


@dataclass(slots=True)
class Added:
    """What came of it: either refusals or written wallets, never both."""

    rows: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rows_per_second(self) -> int:
        """How fast."""
        return round(self.rows / self.seconds) if self.seconds else 0


def add_wallets(
    rows: Iterable[NewWallet | Refusal],
    *,
    actor: str,
    reason: str,
    dry_run: bool = False,
    progress: Progress = lambda _rows: None,
) -> Added:
    """Add them as unverified; the workers verify them. With any refusal nothing is written."""
    added, began = Added(), time.monotonic()
    try:
        with transaction.atomic():
            for batch in batched(rows, BATCH):
                _add_batch(added, batch, actor=actor, reason=reason)
                progress(added.rows)
                if len(added.refusals) >= MOST_REFUSALS:
                    break
            if added.refusals or dry_run:
                transaction.set_rollback(True)
    except IntegrityError:
        added.refusals.append(Refusal(0, "another process added one of these meanwhile; try again"))
    added.seconds = time.monotonic() - began
    return added


def _add_batch(
    added: Added, batch: tuple[NewWallet | Refusal, ...], *, actor: str, reason: str
) -> None:
    good = [row for row in batch if isinstance(row, NewWallet)]
    refusals = dict(_refuse(good))
    added.refusals += [row for row in batch if isinstance(row, Refusal)] + list(refusals.values())
    added.refusals = sorted(added.refusals, key=lambda refusal: refusal.line)[:MOST_REFUSALS]
    taken = [row for number, row in enumerate(good) if number not in refusals]
    wallets = Wallet.objects.bulk_create(_wallets(taken))
    _tag(wallets, taken)
    keys = [wallet.pk for wallet in wallets]
    recorded_all("wallet", keys, "", Wallet.Status.UNVERIFIED, reason=reason, actor=actor)
    added.rows += len(batch)


def _refuse(rows: list[NewWallet]) -> Iterator[tuple[int, Refusal]]:
    """By place in the batch: what only the database and the rest of the file can tell."""
    addresses, labels = [row.address for row in rows], [row.label for row in rows]
    contracts = known_contracts(addresses)
    used = dict(Wallet.objects.filter(address__in=addresses).values_list("address", "label"))
    names = set(Wallet.objects.filter(label__in=labels).values_list("label", flat=True))
    for number, row in enumerate(rows):
        reason = ""
        if row.address in contracts:
            reason = f"{row.address} is {contracts[row.address]}"
        elif row.address in used:
            reason = f"{row.address} is already the wallet {used[row.address]!r}"
        elif row.label in names:
            reason = f"the label {row.label!r} is already used"
        if reason:
            yield number, Refusal(row.line, reason)
        else:
            used[row.address] = row.label
            names.add(row.label)


def _wallets(rows: list[NewWallet]) -> Iterator[Wallet]:
    now = timezone.now()
    groups = _known(WalletGroup, {row.group for row in rows if row.group})
    for row in rows:
        has_key = row.signer.kind != Wallet.SignerKind.WATCH_ONLY
        yield Wallet(
            label=row.label,
            address=row.address,
            signer_kind=row.signer.kind,
            signer_reference=row.signer.reference,
            group_id=groups.get(row.group),
            verify_at=now if has_key else None,
        )


def _tag(wallets: list[Wallet], rows: list[NewWallet]) -> None:
    tags = _known(WalletTag, {tag for row in rows for tag in row.tags})
    between = Wallet.tags.through
    between.objects.bulk_create(
        between(wallet_id=wallet.pk, wallettag_id=tags[tag])
        for wallet, row in zip(wallets, rows, strict=True)
        for tag in row.tags
    )


def _known(model: type[WalletGroup | WalletTag], names: set[str]) -> dict[str, int]:
    """The keys of these names; those that are new are made."""
    manager: Any = model._default_manager
    manager.bulk_create((model(name=name) for name in sorted(names)), ignore_conflicts=True)
    return dict(manager.filter(name__in=names).values_list("name", "pk"))
