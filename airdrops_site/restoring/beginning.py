"""What is done in a restored database before anything else."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from airdrops_site.models import Restore
from airdrops_site.restoring.asking import NetworkAnswer, remember
from scheduling.restoring import leave_lines, skip_missed
from wallets.models import Network
from wallets.restoring.beginning import claim_paused

State = Restore.State


def begin(*, backup_made_at: datetime, source: str, by: str) -> Restore:
    """Make the database one that signs nothing until `resume_state --confirm`; its Restore row.

    Called once, in the database that was just restored and migrated, before any process of it is
    started. It gets an installation id of its own; what was due since the backup is skipped.
    """
    now = timezone.now()
    reason = (
        f"restored at {now:%Y-%m-%d %H:%M:%S} UTC from a backup of "
        f"{backup_made_at:%Y-%m-%d %H:%M:%S} UTC; manage.py resume_state asks the chain and lets "
        "it go on"
    )
    with transaction.atomic():
        lanes_before, known = _not_resumed()
        open_ones = Restore.objects.exclude(state=State.RESUMED)
        open_ones.update(state=State.SUPERSEDED)
        old, new, lanes = claim_paused(reason=reason, actor=by)
        restore = Restore.objects.create(
            source=source[:500],
            backup_made_at=backup_made_at,
            restored_at=now,
            by=by[:150],
            previous_installation=old,
            installation=new,
            lanes=sorted({*lanes, *lanes_before}),
        )
    skipped = skip_missed(since=backup_made_at, until=now, actor=by)
    left = leave_lines(actor=by)
    restore.findings = {
        "skipped": {"due_times": skipped.due_times, "runs": skipped.runs, "plan_lines": left},
        "networks": known,
    }
    restore.save(update_fields=["findings"])
    return restore


def _not_resumed() -> tuple[list[int], dict[str, Any]]:
    """What a restore that nobody resumed had paused, and what the chain told it, by network.

    A backup may be made in between. What was taken in by then explains itself to the next
    question, and would leave nothing in doubt.
    """
    unfinished = (State.PAUSED, State.ASKED)
    row = Restore.objects.filter(state__in=unfinished).first()
    if row is None:
        return [], {}
    known: dict[str, Any] = {}
    answers = row.findings.get("networks", {})
    for network in Network.objects.filter(lanes__isnull=False).distinct():
        before = answers.get(network.slug, {"asked_at": "", "matches": []})
        answer = NetworkAnswer(before["asked_at"], matches=before["matches"])
        remember(row, network, answer)
        if answer.matches or network.slug in answers:
            known[network.slug] = asdict(answer)
    return row.lanes, known


def current() -> Restore | None:
    """The restore a person has still to resume, wholly or for networks that were left out."""
    newest = Restore.objects.exclude(state=State.SUPERSEDED).first()
    if newest is None or (newest.state == State.RESUMED and not newest.left):
        return None
    return newest
