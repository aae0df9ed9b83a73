"""Draining before a shutdown: nothing new is signed or begun, what is signed is seen to its end."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from wallets.models import Installation, Transition
from wallets.services import INSTALLATION_HISTORY
from wallets.transactions.operator import NotPossible
from wallets.transactions.stop import wait_for_signatures
from wallets.transitions import recorded

DRAINING = "draining"


def drain_reason() -> str:
    """Why nothing new may begin anywhere; empty when it may."""
    rows = _draining().values_list("drain_reason", flat=True)
    found: str | None = rows.first()
    return "" if found is None else f"{DRAINING}: {found}"


def standing_reasons() -> tuple[str, str]:
    """Why nothing new may begin: that of a drain, and that of the pause after a restore."""
    row = Installation.objects.order_by().first()
    if row is None:
        return "", ""
    drain = f"{DRAINING}: {row.drain_reason}" if row.draining_since is not None else ""
    return drain, row.pause_reason if row.paused else ""


def paused_before(moment: datetime) -> bool:
    """Whether the pause of the installation stood then already; not where nothing tells."""
    told = Transition.objects.filter(subject=INSTALLATION_HISTORY, subject_id=0, to_state="paused")
    newest = told.order_by("-id").first()
    return newest is not None and newest.at < moment


def start_draining(*, actor: str, reason: str) -> None:
    """No signature of new work follows the commit, on any host, until the drain is ended."""
    _set(draining=True, actor=actor, reason=reason)


def stop_draining(*, actor: str, reason: str) -> None:
    """Let new work begin again. What waited is woken by floor 3 (scheduling/drain.py)."""
    _set(draining=False, actor=actor, reason=reason)


def _draining() -> QuerySet[Installation]:
    return Installation.objects.filter(draining_since__isnull=False)


def _set(*, draining: bool, actor: str, reason: str) -> None:
    with transaction.atomic():
        wait_for_signatures()
        row = Installation.objects.select_for_update().get()
        if draining == (row.draining_since is not None):
            raise NotPossible("it is draining already" if draining else "it is not draining")
        Installation.objects.filter(pk=row.pk).update(
            draining_since=timezone.now() if draining else None,
            drain_reason=reason[:300] if draining else "",
        )
        old, new = (DRAINING, "open") if not draining else ("open", DRAINING)
        recorded(INSTALLATION_HISTORY, 0, old, new, actor=actor, reason=reason)
