"""What the floors above may ask of floor 1."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_typing import ChecksumAddress

from wallets.addresses import parse_address
from wallets.models import EmergencyStop, Network, NonceLane, ScopeKind, Transaction, Wallet
from wallets.signers.interface import SignerError
from wallets.signers.keystore import SCRYPT_N, create_keystore
from wallets.signers.loading import load_signer
from wallets.transactions.expectations import NOTHING_PROMISED, Expectations
from wallets.transactions.machine import TRANSACTION
from wallets.transitions import born
from wallets.wakeups import wake


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


def create_keystore_wallet(*, label: str, scrypt_n: int = SCRYPT_N) -> Wallet:
    """A new wallet with a new key in a keystore file, not yet verified."""
    address, reference = create_keystore(label, scrypt_n=scrypt_n)
    return Wallet.objects.create(
        label=label,
        address=address,
        signer_kind=Wallet.SignerKind.KEYSTORE,
        signer_reference=reference,
    )


def verify_wallet(*, wallet: Wallet) -> Wallet:
    """Mark the wallet verified once its key has signed a challenge; SignerError otherwise."""
    challenge = f"airdrops verifies {wallet.address} at {timezone.now().isoformat()}"
    signature = load_signer(wallet).sign_challenge(challenge)
    found = Account.recover_message(encode_defunct(text=challenge), signature=signature)
    if found != wallet.address:
        raise SignerError(f"the signature of {wallet.label} is {found}'s, not {wallet.address}'s")
    Wallet.objects.filter(pk=wallet.pk, status=Wallet.Status.UNVERIFIED).update(
        status=Wallet.Status.VERIFIED
    )
    wallet.refresh_from_db()
    return wallet


def engage_stop(
    *,
    reason: str,
    actor: str,
    scope_kind: str = ScopeKind.EVERYTHING,
    scope_value: str = "",
) -> EmergencyStop:
    """Forbid new signatures in the scope; none follows the commit of this."""
    return _set_stop(scope_kind, scope_value, engaged=True, reason=reason, actor=actor)


def lift_stop(
    *,
    reason: str,
    actor: str,
    scope_kind: str = ScopeKind.EVERYTHING,
    scope_value: str = "",
) -> EmergencyStop:
    """Allow signatures in the scope again."""
    return _set_stop(scope_kind, scope_value, engaged=False, reason=reason, actor=actor)


def _set_stop(
    scope_kind: str, scope_value: str, *, engaged: bool, reason: str, actor: str
) -> EmergencyStop:
    with transaction.atomic():
        # Signing reads this row FOR SHARE: whoever changes any stop takes it first.
        EmergencyStop.objects.select_for_update().get(scope_kind=ScopeKind.EVERYTHING)
        stop, _ = EmergencyStop.objects.update_or_create(
            scope_kind=scope_kind,
            scope_value=scope_value,
            defaults={"engaged": engaged, "reason": reason, "actor": actor},
        )
    return stop
