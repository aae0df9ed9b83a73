"""What the floors above may ask of floor 1."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from eth_typing import ChecksumAddress

from wallets.addresses import parse_address
from wallets.models import (
    EmergencyStop,
    Installation,
    Network,
    NonceLane,
    ScopeKind,
    Transaction,
    Wallet,
)
from wallets.signers.interface import SignerError
from wallets.signers.keystore import create_keystore
from wallets.signers.web3signer import refuse_identifier
from wallets.transactions.expectations import NOTHING_PROMISED, Expectations
from wallets.transactions.machine import TRANSACTION
from wallets.transactions.operator import NotPossible
from wallets.transactions.stop import wait_for_signatures
from wallets.transactions.stop_file import stop_file_reason
from wallets.transitions import born, recorded
from wallets.verification import verify_wallet as verify_wallet
from wallets.wakeups import wake

# What the history calls a stop, and the installation (which is one: its number there is 0).
STOP_HISTORY = "stop"
INSTALLATION_HISTORY = "installation"


class IdempotencyConflict(Exception):
    """The same key was used for another intent: a programming error, nothing was changed."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What should be changed on a chain, by whom, under which key. `value` in wei."""

    wallet: Wallet
    network: Network
    idempotency_key: str
    origin: str
    protocol: str
    action: str
    to: ChecksumAddress
    value: int = 0
    data: bytes = b""
    # Its bytes go to private send endpoints only. Its simulation is asked of read endpoints.
    private_only: bool = False
    urgency: str = Transaction.Urgency.NORMAL
    priority: int = 0
    max_fee_ceiling: int | None = None
    not_before: datetime | None = None
    valid_until: datetime | None = None
    expectations: Expectations = NOTHING_PROMISED


def submit_transaction(*, intent: Intent, actor: str) -> Transaction:
    """The transaction of this intent, queued; the same key gives the same transaction."""
    with transaction.atomic():
        lane, _ = NonceLane.objects.get_or_create(wallet=intent.wallet, network=intent.network)
        row, created = Transaction.objects.get_or_create(
            idempotency_key=intent.idempotency_key, defaults=_fields(intent, lane)
        )
        if not created:
            _check_same(row, intent, lane)
            return row
        born(row, machine=TRANSACTION, actor=actor)
        NonceLane.objects.filter(pk=lane.pk).update(wake_at=timezone.now())
        wake("tick")
    return row


def _fields(intent: Intent, lane: NonceLane) -> dict[str, object]:
    return {
        "lane": lane,
        "network": intent.network,
        "origin": intent.origin,
        "protocol": intent.protocol,
        "action": intent.action,
        # Deploying is nothing this program does: an empty address is somebody's mistake.
        "to": parse_address(intent.to),
        "value": intent.value,
        "data": intent.data,
        "selector": "0x" + intent.data[:4].hex() if intent.data else "",
        "private_only": intent.private_only,
        "urgency": intent.urgency,
        "priority": intent.priority,
        "max_fee_ceiling": intent.max_fee_ceiling,
        "not_before": intent.not_before,
        "valid_until": intent.valid_until,
        "expectations": intent.expectations.as_json(),
    }


def _check_same(row: Transaction, intent: Intent, lane: NonceLane) -> None:
    asked = (lane.pk, intent.to, intent.value, intent.data, intent.private_only)
    if (row.lane_id, row.to, row.value, bytes(row.data), row.private_only) != asked:
        raise IdempotencyConflict(f"{intent.idempotency_key} already stands for something else")


def create_keystore_wallet(*, label: str, scrypt_n: int | None = None) -> Wallet:
    """A new wallet with a new key in a keystore file, not yet verified."""
    address, reference = create_keystore(label, scrypt_n=scrypt_n)
    return Wallet.objects.create(
        label=label,
        address=address,
        signer_kind=Wallet.SignerKind.KEYSTORE,
        signer_reference=reference,
    )


def create_remote_wallet(*, label: str, address: str, identifier: str) -> Wallet:
    """A wallet whose key is in the remote signer under this name, not yet verified."""
    checked = parse_address(address)
    if reason := refuse_identifier(identifier, checked):
        raise SignerError(reason)
    return Wallet.objects.create(
        label=label,
        address=checked,
        signer_kind=Wallet.SignerKind.WEB3SIGNER,
        signer_reference=identifier,
    )


def engage_stop(
    *,
    reason: str,
    actor: str,
    scope_kind: str = ScopeKind.EVERYTHING,
    scope_value: str = "",
    mode: str = EmergencyStop.Mode.EVERYTHING,
) -> EmergencyStop:
    """Forbid new signatures in the scope, but for what the mode spares; none follows the commit."""
    changes = {"engaged": True, "mode": EmergencyStop.Mode(mode)}
    return _set_stop(scope_kind, scope_value, changes, reason=reason, actor=actor)


def tighten_stop(
    *, reason: str, actor: str, scope_kind: str, scope_value: str, mode: str
) -> EmergencyStop:
    """The same by whoever may not resume: NotPossible where a stricter stop of the scope stands."""
    with transaction.atomic():
        wait_for_signatures()
        scope = {"scope_kind": scope_kind, "scope_value": scope_value}
        stands = EmergencyStop.objects.filter(**scope, engaged=True).first()
        if stands is not None and _spares_more(mode, stands.mode):
            raise NotPossible(
                f"{scope_value or 'everything'} is stopped more strictly already; whoever may "
                "resume may also let it spare more"
            )
        return engage_stop(reason=reason, actor=actor, mode=mode, **scope)


def _spares_more(mode: str, other: str) -> bool:
    """The modes are in order, the strictest first."""
    modes = list(EmergencyStop.Mode.values)
    return modes.index(mode) > modes.index(other)


def lift_stop(
    *,
    reason: str,
    actor: str,
    scope_kind: str = ScopeKind.EVERYTHING,
    scope_value: str = "",
) -> EmergencyStop:
    """Allow signatures in the scope again; NotPossible while a stop file is there."""
    if scope_kind == ScopeKind.EVERYTHING and (there := stop_file_reason()):
        raise NotPossible(there)
    return _set_stop(scope_kind, scope_value, {"engaged": False}, reason=reason, actor=actor)


def _set_stop(
    scope_kind: str, scope_value: str, changes: dict[str, Any], *, reason: str, actor: str
) -> EmergencyStop:
    with transaction.atomic():
        wait_for_signatures()
        before = EmergencyStop.objects.filter(scope_kind=scope_kind, scope_value=scope_value)
        old = _shown(before.first())
        stop, _ = EmergencyStop.objects.update_or_create(
            scope_kind=scope_kind,
            scope_value=scope_value,
            # Whoever has more to say than there is room for stops all the same.
            defaults={**changes, "reason": reason[:300], "actor": actor[:100]},
        )
        recorded(STOP_HISTORY, stop.pk, old, _shown(stop), actor=actor, reason=reason)
    return stop


def _shown(stop: EmergencyStop | None) -> str:
    """Its state in history: the mode in which it stops, or lifted."""
    return str(stop.mode) if stop and stop.engaged else "lifted"


def pause_installation(*, reason: str, actor: str) -> Installation:
    """Sign nothing more anywhere until a person resumes; no signature follows the commit."""
    return _set_paused({"paused": True, "pause_reason": reason[:300]}, reason=reason, actor=actor)


def resume_installation(*, reason: str, actor: str) -> Installation:
    """Let the installation sign again, as far as stops and lanes allow."""
    return _set_paused({"paused": False, "pause_reason": ""}, reason=reason, actor=actor)


def _set_paused(changes: dict[str, Any], *, reason: str, actor: str) -> Installation:
    with transaction.atomic():
        wait_for_signatures()
        row = Installation.objects.select_for_update().get()
        old, new = ("paused" if paused else "open" for paused in (row.paused, changes["paused"]))
        Installation.objects.filter(pk=row.pk).update(**changes)
        recorded(INSTALLATION_HISTORY, 0, old, new, actor=actor, reason=reason)
        row.refresh_from_db()
    return row
