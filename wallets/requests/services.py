"""What the floors above and a person may ask of signed requests. Nothing here talks to a venue."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from wallets.models import Network, SignedRequest, Wallet
from wallets.requests.kinds import find_kind
from wallets.services import IdempotencyConflict
from wallets.transactions.machine import SIGNED_REQUEST
from wallets.transactions.operator import NotPossible
from wallets.transactions.states import RequestState as R
from wallets.transitions import born, move
from wallets.wakeups import wake


class BadRequest(ValueError):
    """What cannot be prepared, in one sentence; nothing was written."""


@dataclass(frozen=True, slots=True)
class RequestIntent:
    """What a venue should be asked, by whom, under which key. Amounts in the payload are text.

    `network` is the chain a permit counts on; a venue's own books have none.
    """

    wallet: Wallet
    idempotency_key: str
    origin: str
    protocol: str
    action: str
    payload: Mapping[str, Any]
    network: Network | None = None
    client_id: str = ""
    valid_until: datetime | None = None


def prepare_request(*, intent: RequestIntent, actor: str) -> SignedRequest:
    """The request of this intent, prepared; the same key gives the same request."""
    if find_kind(intent.protocol, intent.action) is None:
        raise BadRequest(f"{intent.protocol} has no {intent.action} that could be signed here")
    payload = payload_as_json(intent.payload)
    with transaction.atomic():
        row, created = _find_or_create(intent, payload)
        if not created:
            _require_same(row, intent, payload)
            return row
        born(row, machine=SIGNED_REQUEST, actor=actor)
        wake("requests")
    return row


def payload_as_json(payload: Mapping[str, Any]) -> Any:
    """The payload as it will be read again; BadRequest for a number that went through a float."""
    try:
        text = json.dumps(payload)
    except (TypeError, ValueError) as error:
        raise BadRequest(f"the payload is not JSON: {error}") from error
    return json.loads(text, parse_float=_refuse_float, parse_constant=_refuse_float)


def _find_or_create(intent: RequestIntent, payload: Any) -> tuple[SignedRequest, bool]:
    client_id = intent.client_id or client_id_of(intent.idempotency_key)
    try:
        return SignedRequest.objects.get_or_create(
            idempotency_key=intent.idempotency_key,
            defaults={
                "wallet": intent.wallet,
                "network": intent.network,
                "origin": intent.origin,
                "protocol": intent.protocol,
                "action": intent.action,
                "client_id": client_id,
                "payload": payload,
                "valid_until": intent.valid_until,
                "wake_at": timezone.now(),
            },
        )
    except IntegrityError as error:
        raise IdempotencyConflict(f"client id {client_id} is another request's") from error


def client_id_of(idempotency_key: str) -> str:
    """16 bytes in hex that follow from the key: an older backup asks under the same id again."""
    return "0x" + hashlib.sha256(idempotency_key.encode()).hexdigest()[:32]


def cancel_request(*, request_id: int, actor: str, reason: str) -> SignedRequest:
    """End a request that has not left; NotPossible for one that has."""
    with transaction.atomic():
        row = _locked(request_id)
        if row.state not in (R.PREPARED, R.SIGNED):
            raise NotPossible(f"request {row.pk} is {row.state}; what was sent is the venue's")
        return _move(row, R.CANCELLED, actor, reason)


def settle_request(*, request_id: int, done: bool, actor: str, reason: str) -> SignedRequest:
    """Say what became of a request nobody knows about, once a person has looked at the venue."""
    with transaction.atomic():
        row = _locked(request_id)
        if row.state != R.NEEDS_OPERATOR:
            raise NotPossible(f"request {row.pk} is {row.state}, it does not need an operator")
        return _move(row, R.ACKNOWLEDGED if done else R.REJECTED, actor, reason)


def _move(row: SignedRequest, to: R, actor: str, reason: str) -> SignedRequest:
    return move(
        row,
        to,
        machine=SIGNED_REQUEST,
        actor=actor,
        reason=reason,
        detail=reason[:500],
        wake_at=None,
    )


def _locked(request_id: int) -> SignedRequest:
    return SignedRequest.objects.select_for_update().get(pk=request_id)


def _refuse_float(text: str) -> None:
    raise BadRequest(f"the payload holds {text}: write amounts and prices as text")


def _require_same(row: SignedRequest, intent: RequestIntent, payload: Any) -> None:
    asked = (intent.wallet.pk, intent.protocol, intent.action, payload)
    if (row.wallet_id, row.protocol, row.action, row.payload) != asked:
        raise IdempotencyConflict(f"{intent.idempotency_key} already stands for something else")
