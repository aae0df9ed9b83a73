"""What a person says became of a claim that no transaction of ours tells."""

from django.db import transaction as database

from analytics.models import Claim
from wallets.addresses import AddressError, parse_hash
from wallets.transactions.operator import NotPossible
from wallets.transitions import LostRace, recorded

SUBJECT = "claim"
_S = Claim.Status


def claimed_elsewhere(*, claim: Claim, actor: str, reason: str, tx_hash: str = "") -> Claim:
    """It was claimed with another program or by somebody for us; a hash, where it is known."""
    try:
        found = parse_hash(tx_hash) if tx_hash else ""
    except AddressError as error:
        raise NotPossible(str(error)) from error
    return _say(claim, _S.CLAIMED, (_S.CLAIMABLE, _S.MISSED), actor, reason, claimed_hash=found)


def missed(*, claim: Claim, actor: str, reason: str) -> Claim:
    """Nobody claimed it in time."""
    return _say(claim, _S.MISSED, (_S.CLAIMABLE,), actor, reason)


def reopen(*, claim: Claim, actor: str, reason: str) -> Claim:
    """Take back what a person said; what the chain told is not taken back."""
    if claim.transaction_id is not None or claim.transfer_id is not None:
        raise NotPossible(f"the chain says that {claim} was claimed")
    return _say(claim, _S.CLAIMABLE, (_S.CLAIMED, _S.MISSED), actor, reason, claimed_hash="")


def _say(
    claim: Claim, to: str, before: tuple[str, ...], actor: str, reason: str, **fields: str
) -> Claim:
    if not reason.strip():
        raise NotPossible("say why; it stays in the history")
    if claim.status not in before:
        raise NotPossible(f"it is {claim.get_status_display().lower()}")
    kept = "" if to == _S.CLAIMABLE else reason[:300]
    with database.atomic():
        same = Claim.objects.filter(pk=claim.pk, status=claim.status)
        if not same.update(status=to, reason=kept, **fields):
            raise LostRace(f"claim {claim.pk} is no longer {claim.status}; read it again")
        recorded(SUBJECT, claim.pk, claim.status, to, actor=actor, reason=reason)
    claim.refresh_from_db()
    return claim
