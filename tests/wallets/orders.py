"""Orders for tests of signed requests, and time that passes for them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

from protocols.models import Protocol
from tests.wallets.venue_server import PROTOCOL, HttpVenue, OrderKind, VenueServer
from wallets.models import SignedRequest, Wallet
from wallets.requests.kinds import register_kind
from wallets.requests.services import RequestIntent, prepare_request
from wallets.requests.venues import register_venue
from wallets.requests.work import work_requests


def open_exchange(server: VenueServer) -> None:
    """The exchange as an enabled protocol whose orders may be signed."""
    Protocol.objects.get_or_create(slug=PROTOCOL, defaults={"name": "Exchange"})
    register_kind(PROTOCOL, "order", OrderKind())
    register_kind(PROTOCOL, "cancel_order", OrderKind(frees=True))
    register_venue(PROTOCOL, HttpVenue(server))


def order(
    wallet: Wallet, key: str = "o:1", *, payload: Mapping[str, Any] | None = None, **fields: Any
) -> SignedRequest:
    """An order, prepared."""
    intent = RequestIntent(
        wallet=wallet,
        idempotency_key=key,
        origin="test",
        protocol=PROTOCOL,
        payload=payload or {"size": "5"},
        **{"action": "order", **fields},
    )
    return prepare_request(intent=intent, actor="test")


def worked(row: SignedRequest) -> SignedRequest:
    """The request after the workers looked at it, however soon that is."""
    SignedRequest.objects.exclude(wake_at=None).update(wake_at=timezone.now())
    work_requests()
    row.refresh_from_db()
    return row


def time_passes(seconds: float) -> None:
    """Everything was so much longer ago."""
    ago = timedelta(seconds=seconds)
    for row in SignedRequest.objects.all():
        SignedRequest.objects.filter(pk=row.pk).update(
            state_changed_at=row.state_changed_at - ago,
            last_sent_at=row.last_sent_at and row.last_sent_at - ago,
        )
