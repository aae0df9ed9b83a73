"""Whether a wallet's key is where its reference says: it signs a challenge, or the wallet does not.

An unverified wallet signs nothing, and neither does one whose key turned out to be another's.
"""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from eth_account import Account
from eth_account.messages import encode_defunct

from wallets.addresses import parse_address
from wallets.models import Wallet
from wallets.signers.interface import SignerError, WrongKey
from wallets.signers.loading import load_signer, open_signer
from wallets.signers.references import SignerReference, refuse
from wallets.transitions import recorded_all

WALLET_HISTORY = "wallet"
# A signer that cannot be asked now is asked again then.
AGAIN_AFTER = timedelta(minutes=10)
# Whoever took a wallet has so long before another may; longer than any signer may take.
_CLAIM = timedelta(minutes=2)
_Status = Wallet.Status


@dataclass(frozen=True, slots=True)
class Outcome:
    """What asking one wallet's key gave. `reason` is empty for a verified one."""

    wallet: Wallet
    status: str
    reason: str = ""


def verify_wallet(*, wallet: Wallet, actor: str = "") -> Wallet:
    """Mark the wallet verified once its key has signed a challenge; SignerError otherwise.

    A key of another address makes it mismatching, also if it was verified before.
    """
    if wallet.status == _Status.RETIRED:
        raise SignerError(f"{wallet.label} is retired")
    try:
        _require_own_key(wallet)
    except WrongKey as error:
        _set_status(wallet, _Status.MISMATCHING, actor=actor, reason=str(error))
        raise
    if not _set_status(wallet, _Status.VERIFIED, actor=actor, reason="its key signed a challenge"):
        raise SignerError(f"{wallet.label} was changed meanwhile; look at it and try again")
    return wallet


def due_wallets() -> QuerySet[Wallet]:
    """Those whose keys the workers are to ask now, the longest waiting first."""
    now = timezone.now()
    due = Wallet.objects.filter(status=_Status.UNVERIFIED, verify_at__lte=now)
    return due.order_by("verify_at", "pk")


def verify_due(*, actor: str, seconds: float) -> Counter[str]:
    """Verify what is due for at most about so long; how many ended in which status.

    Every wallet is committed by itself, so whoever comes next goes on where this stopped.
    """
    ends_at, counts = time.monotonic() + seconds, Counter[str]()
    while time.monotonic() < ends_at:
        batch = list(due_wallets()[:20])
        if not batch:
            break
        for wallet in batch:
            if time.monotonic() >= ends_at:
                break
            if _claim(wallet):
                counts[verify_one(wallet, actor=actor).status] += 1
    return counts


def verify_one(wallet: Wallet, *, actor: str) -> Outcome:
    """Verify it; what stands in the way is told and kept, never raised."""
    try:
        verify_wallet(wallet=wallet, actor=actor)
    except SignerError as error:
        reason = str(error)[:300]
        if not isinstance(error, WrongKey):
            again = timezone.now() + AGAIN_AFTER if wallet.verify_at else None
            same = Wallet.objects.filter(pk=wallet.pk, status=wallet.status)
            same.update(status_reason=reason, verify_at=again)
        return Outcome(wallet, _status_of(wallet), reason)
    return Outcome(wallet, wallet.status)


def verify_each(wallets: QuerySet[Wallet], *, actor: str) -> Iterator[Outcome]:
    """Verify these one by one, in this process; each is committed before the next begins."""
    for pk in list(wallets.values_list("pk", flat=True)):
        yield verify_one(Wallet.objects.get(pk=pk), actor=actor)


def ask_workers(wallets: QuerySet[Wallet], *, actor: str) -> int:
    """Have the workers verify those of the wallets that are not; how many they are."""
    with_keys = wallets.exclude(signer_kind=Wallet.SignerKind.WATCH_ONLY)
    with transaction.atomic():
        wrong = list(with_keys.filter(status=_Status.MISMATCHING).values_list("pk", flat=True))
        Wallet.objects.filter(pk__in=wrong).update(status=_Status.UNVERIFIED)
        old, new = _Status.MISMATCHING, _Status.UNVERIFIED
        recorded_all(WALLET_HISTORY, wrong, old, new, actor=actor, reason="to be verified again")
        open_ones = with_keys.filter(status=_Status.UNVERIFIED)
        return open_ones.update(verify_at=timezone.now(), status_reason="")


def rotate_key(*, wallet: Wallet, reference: SignerReference, actor: str, reason: str) -> Wallet:
    """Let another place of the same key, or nothing; SignerError where it is not the same key.

    What is signed stays signed: the address, its nonces and its history do not change.
    """
    if reference.kind == Wallet.SignerKind.WATCH_ONLY:
        raise SignerError("watch-only is no place of a key")
    if found := refuse(reference.kind, reference.reference, parse_address(wallet.address)):
        raise SignerError(found)
    old = SignerReference(wallet.signer_kind, wallet.signer_reference)
    if old == reference:
        raise SignerError(f"the key of {wallet.label} is already at {reference}")
    _require_own_key(_moved(wallet, reference), opened_anew=True)
    story = f"key reference from {old} to {reference}: {reason}"
    changes = {"signer_kind": reference.kind, "signer_reference": reference.reference}
    if not _set_status(wallet, _Status.VERIFIED, actor=actor, reason=story, **changes):
        raise SignerError(f"{wallet.label} was changed meanwhile; look at it and try again")
    return wallet


def _require_own_key(wallet: Wallet, *, opened_anew: bool = False) -> None:
    challenge = f"airdrops verifies {wallet.address} at {timezone.now().isoformat()}"
    signer = open_signer(wallet) if opened_anew else load_signer(wallet)
    signature = signer.sign_challenge(challenge)
    found = Account.recover_message(encode_defunct(text=challenge), signature=signature)
    if found != wallet.address:
        raise WrongKey(f"the signature of {wallet.label} is {found}'s, not {wallet.address}'s")


def _moved(wallet: Wallet, reference: SignerReference) -> Wallet:
    return Wallet(
        label=wallet.label,
        address=wallet.address,
        signer_kind=reference.kind,
        signer_reference=reference.reference,
    )


def _set_status(wallet: Wallet, new: str, *, actor: str, reason: str, **changes: str) -> bool:
    """Compare, set and tell in one database transaction; whether the wallet was as it was read."""
    now, verified = timezone.now(), new == _Status.VERIFIED
    was = {name: getattr(wallet, name) for name in ("status", "signer_kind", "signer_reference")}
    with transaction.atomic():
        changed = Wallet.objects.filter(pk=wallet.pk, **was).update(
            **changes,
            status=new,
            status_reason="" if verified else reason[:300],
            verified_at=now if verified else None,
            verify_at=None,
        )
        if changed and (changes or wallet.status != new):
            old = wallet.status
            recorded_all(WALLET_HISTORY, [wallet.pk], old, new, actor=actor, reason=reason)
    wallet.refresh_from_db()
    return bool(changed)


def _claim(wallet: Wallet) -> bool:
    """Whether it is ours to verify: another process may have taken it since it was read."""
    claimed = timezone.now() + _CLAIM
    same = Wallet.objects.filter(pk=wallet.pk, verify_at=wallet.verify_at)
    if not same.update(verify_at=claimed):
        return False
    wallet.verify_at = claimed
    return True


def _status_of(wallet: Wallet) -> str:
    status: str = Wallet.objects.values_list("status", flat=True).get(pk=wallet.pk)
    return status
