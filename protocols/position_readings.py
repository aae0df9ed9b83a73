"""Reading what wallets have inside protocols, and keeping it: never inside a transaction."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from protocols.actions import Adapter, Context, Position
from protocols.context import build_context
from protocols.models import PositionReading, PositionRow, Protocol
from protocols.registry import UNANSWERED, UnknownAction, get_adapter
from wallets.chain.access import allowed_kinds
from wallets.chain.client import NetworkClient
from wallets.models import Network, Wallet

log = structlog.get_logger(__name__)

# After one that failed the next comes sooner.
RETRY = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Found:
    """What an adapter says of a wallet; `health` None without debts."""

    positions: Sequence[Position]
    health: int | None
    health_known: bool


def due_readings() -> QuerySet[PositionReading]:
    """What is to be read now, on networks this installation may ask."""
    return PositionReading.objects.filter(
        look_at__lte=timezone.now(),
        network__enabled=True,
        network__kind__in=allowed_kinds(),
    ).exclude(wallet__status=Wallet.Status.RETIRED)


def readings_behind() -> QuerySet[PositionReading]:
    """What a run may have changed since it was read."""
    return PositionReading.objects.filter(
        Q(read_at__isnull=True) | Q(changed_at__gt=F("read_at")),
        network__enabled=True,
        network__kind__in=allowed_kinds(),
    ).exclude(wallet__status=Wallet.Status.RETIRED)


def read_positions(reading: PositionReading, client: NetworkClient | None = None) -> bool:
    """Ask the adapter and keep what it says; what was known stays where it fails."""
    began = timezone.now()
    try:
        found = _ask(reading.wallet, reading.network, reading.protocol, client)
    except UNANSWERED as error:
        _note(reading, began, str(error) or type(error).__name__)
        return False
    _keep(reading, began, found)
    return True


def _ask(
    wallet: Wallet, network: Network, protocol: Protocol, client: NetworkClient | None
) -> Found:
    adapter = get_adapter(protocol.slug)
    if adapter.positions is None:
        raise UnknownAction(f"the adapter of {protocol} reports no positions")
    context = build_context(
        network=network,
        wallet=wallet,
        protocol=protocol.slug,
        client=client or NetworkClient(network),
        now=timezone.now(),
    )
    positions = tuple(adapter.positions(context))
    return Found(positions, *_health(adapter, context, positions))


def _health(
    adapter: Adapter, context: Context, positions: Sequence[Position]
) -> tuple[int | None, bool]:
    """The health factor, and whether it is known."""
    if adapter.health_factor is None:
        return None, not any(one.kind == "borrowed" for one in positions)
    return adapter.health_factor(context), True


def _keep(reading: PositionReading, began: datetime, found: Found) -> None:
    with transaction.atomic():
        locked = PositionReading.objects.select_for_update().get(pk=reading.pk)
        if locked.read_at is not None and locked.read_at > began:
            return  # another worker has read it since
        locked.rows.all().delete()
        PositionRow.objects.bulk_create(
            PositionRow(reading=locked, **fields) for fields in _fields(found.positions)
        )
        PositionReading.objects.filter(pk=locked.pk).update(
            read_at=began,
            whole=True,
            problem="",
            # A number too large to keep is as safe as the largest that is kept.
            health_factor=None if found.health is None else min(found.health, 2**62),
            health_known=found.health_known,
        )
    _look_later(reading, began, timedelta(seconds=settings.POSITION_SECONDS))


def _fields(positions: Sequence[Position]) -> Iterator[dict[str, object]]:
    for one in positions:
        for token, amount in one.parts or ((one.token, one.amount),):
            yield {
                "kind": one.kind,
                "token": token or "",
                "token_known": token is not None,
                "amount": amount,
                "what": one.what[:300],
            }


def _note(reading: PositionReading, began: datetime, problem: str) -> None:
    log.warning("positions_not_read", reading=str(reading), reason=problem)
    newer = PositionReading.objects.filter(pk=reading.pk, read_at__gt=began).exists()
    if not newer:
        PositionReading.objects.filter(pk=reading.pk).update(whole=False, problem=problem[:300])
    _look_later(reading, began, RETRY)


def _look_later(reading: PositionReading, began: datetime, pause: timedelta) -> None:
    """Unless somebody has asked for it again since it was begun."""
    mine = PositionReading.objects.filter(pk=reading.pk, look_at__lte=began)
    mine.update(look_at=timezone.now() + pause)
