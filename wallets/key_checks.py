"""Whether the keys of wallets that sign can still be opened: workers try, and write it down."""

import time
from datetime import timedelta

import structlog
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from wallets.models import Wallet
from wallets.signers.interface import SignerError
from wallets.signers.loading import load_signer

log = structlog.get_logger(__name__)

# Opening a keystore takes most of a second and 256 MiB once in each process, so not often.
EVERY, AGAIN_AFTER = timedelta(hours=6), timedelta(minutes=10)
_BATCH = 20


def due_keys() -> QuerySet[Wallet]:
    """Verified wallets whose keys were not tried for long, those never tried first."""
    now = timezone.now()
    old = Q(key_asked_at=None) | Q(key_asked_at__lt=now - EVERY)
    failed = ~Q(key_problem="") & Q(key_asked_at__lt=now - AGAIN_AFTER)
    due = Wallet.objects.filter(old | failed, status=Wallet.Status.VERIFIED)
    return due.order_by(F("key_asked_at").asc(nulls_first=True), "pk")


def try_keys(*, seconds: float) -> int:
    """Try what is due for at most about so long; how many were tried. Each is kept by itself."""
    ends_at, tried = time.monotonic() + seconds, 0
    for wallet in due_keys()[:_BATCH]:
        if time.monotonic() >= ends_at:
            break
        try_key(wallet)
        tried += 1
    return tried


def try_key(wallet: Wallet) -> str:
    """Open the key as signing would; the sentence why it can not be, empty if it can."""
    problem = ""
    try:
        load_signer(wallet).require_ready()
    except SignerError as error:
        problem = str(error)
    keep(wallet, problem)
    return problem


def keep(wallet: Wallet, problem: str) -> None:
    """Write down what came of it; a signer's sentences hold no key."""
    problem = problem[:300]
    if problem and problem != wallet.key_problem:
        log.warning("key_not_reachable", wallet=wallet.label, reason=problem)
    Wallet.objects.filter(pk=wallet.pk).update(key_problem=problem, key_asked_at=timezone.now())
