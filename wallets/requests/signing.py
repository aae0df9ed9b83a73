"""Check, take the request nonce, sign and store: nothing leaves before the signature is kept."""

from datetime import datetime

from django.db import transaction as database
from django.db.models import Max
from django.utils import timezone

from wallets.actors import this_worker
from wallets.models import SignedRequest, Wallet
from wallets.requests.kinds import RequestKind, find_kind
from wallets.signers.interface import Signer
from wallets.transactions import guards
from wallets.transactions.holds import Held
from wallets.transactions.machine import SIGNED_REQUEST
from wallets.transactions.points import RequestPoint, reached
from wallets.transactions.policy import PolicyRefusal
from wallets.transactions.states import HoldReason
from wallets.transactions.states import RequestState as R
from wallets.transactions.stop import stop_reason_of_request
from wallets.transitions import LostRace, move


def sign_request(row: SignedRequest, signer: Signer) -> None:
    """The request signed and stored; Held, PolicyRefusal or SignerError where it is not.

    A remote signer is asked between two database transactions. Everything is checked in both: an
    answer that comes after a stop is dropped, and what is asked for again is the same message.
    """
    if signer.is_remote:
        with database.atomic():
            kind = _admit(row)
            _take_nonce(row)
        reached(RequestPoint.NONCE_TAKEN)
        signature = signer.sign_typed_data(kind.typed_message(row))
        reached(RequestPoint.SIGNED)
        with database.atomic():
            _admit(row)
            _store(row, signature)
    else:
        with database.atomic():
            kind = _admit(row)
            _take_nonce(row)
            reached(RequestPoint.NONCE_TAKEN)
            signature = signer.sign_typed_data(kind.typed_message(row))
            reached(RequestPoint.SIGNED)
            _store(row, signature)
    reached(RequestPoint.STORED)


def _admit(row: SignedRequest) -> RequestKind:
    """The kind of a request that may be signed now. Nonces of the wallet are taken one by one."""
    wallet = Wallet.objects.select_for_update().get(pk=row.wallet_id)
    if wallet.status != Wallet.Status.VERIFIED:
        raise Held(HoldReason.UNKNOWN, f"{wallet} is {wallet.status}; only verified wallets sign")
    kind = find_kind(row.protocol, row.action)
    if kind is None:
        raise PolicyRefusal(f"nothing here vouches for {row.protocol} {row.action}")
    require_no_stop(row)
    for verdict in (guards.ask_all_of_request(row), kind.judge(row)):
        if verdict.answer is guards.Answer.REFUSE:
            raise PolicyRefusal(verdict.sentence)
        if verdict.answer is guards.Answer.HOLD:
            raise Held(HoldReason.UNKNOWN, verdict.sentence)
    return kind


def require_no_stop(row: SignedRequest) -> None:
    """Held while a stop covers the request; inside a database transaction."""
    kind = find_kind(row.protocol, row.action)
    if reason := stop_reason_of_request(row, frees=kind is not None and kind.frees):
        raise Held(HoldReason.STOP, reason)


def _take_nonce(row: SignedRequest) -> None:
    """Above every one before it, and the time in milliseconds, as venues want it."""
    if row.request_nonce is not None:
        return
    nonce = _next_nonce(row, timezone.now())
    free = SignedRequest.objects.filter(pk=row.pk, version=row.version, request_nonce=None)
    if free.update(request_nonce=nonce) != 1:
        raise LostRace(f"another process signs request {row.pk}")
    row.request_nonce = nonce


def _next_nonce(row: SignedRequest, now: datetime) -> int:
    before = SignedRequest.objects.filter(wallet=row.wallet_id, protocol=row.protocol)
    last = before.aggregate(last=Max("request_nonce"))["last"]
    return max(int(now.timestamp() * 1000), (last or 0) + 1)


def _store(row: SignedRequest, signature: bytes) -> None:
    move(
        row,
        R.SIGNED,
        machine=SIGNED_REQUEST,
        actor=this_worker(),
        signature=signature,
        detail="",
    )
