"""A person's word that a restored installation may sign again."""

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.utils import timezone

from airdrops_site.answers import BadInput
from airdrops_site.models import Restore
from airdrops_site.restoring.asking import ask_chain
from scheduling.pauses import wake_held
from scheduling.restoring import skip_missed
from wallets.models import NonceLane
from wallets.services import resume_installation
from wallets.transactions.lanes import pause_lane, resume_lane
from wallets.transactions.states import TransactionState as S
from wallets.wakeups import wake


def resume(restore: Restore, *, without: Collection[str] = (), by: str, reason: str) -> Restore:
    """Ask the chain once more, then lift the pause and open the lanes the restore has paused.

    BadInput, and nothing lifted, while a network is silent or something on it is not explained;
    the lanes of networks named in `without` stay paused, to be resumed by another call. So do
    lanes in which a transaction waits for a person.
    """
    ask_chain(restore, by=by)
    networks: dict[str, Any] = restore.findings["networks"]
    if unknown := sorted(set(without) - set(networks)):
        raise BadInput(f"there is no network {unknown[0]} with lanes; {_names(networks)}")
    if sentences := _open(networks, without):
        raise BadInput(
            f"not resumed, {len(sentences)} things are open: {sentences[0]}; ask again with "
            "--check, or leave that network paused with --without NETWORK"
        )
    first = restore.state != Restore.State.RESUMED
    if first:
        now = timezone.now()
        skip_missed(since=restore.backup_made_at, until=now, actor=by, with_plans=False)
    with transaction.atomic():
        if first:
            _pause_again(restore, by)
        opened = _open_lanes(restore, without, by, reason)
        if first:
            resume_installation(reason=reason, actor=by)
            wake_held()
        restore.state = Restore.State.RESUMED
        restore.left = sorted(without)
        restore.lanes = sorted(set(restore.lanes) - set(opened))
        restore.resumed_at, restore.resumed_by = timezone.now(), by[:150]
        restore.save()
        wake("tick")
    return restore


def _names(networks: Collection[str]) -> str:
    return f"there are: {', '.join(sorted(networks)) or 'none'}"


def _open(networks: dict[str, Any], without: Collection[str]) -> list[str]:
    return [
        f"{slug}: {sentence}"
        for slug, answer in sorted(networks.items())
        if slug not in without
        for sentence in answer["open"]
    ]


def _pause_again(restore: Restore, by: str) -> None:
    """What a person opened before it was known which lanes are in doubt."""
    for lane in NonceLane.objects.filter(pk__in=restore.lanes, paused=False).order_by("pk"):
        pause_lane(lane, "opened before the resume after a restore", actor=by)


def _open_lanes(restore: Restore, without: Collection[str], by: str, reason: str) -> list[int]:
    doubts = {
        int(lane): why
        for answer in restore.findings["networks"].values()
        for lane, why in answer["doubts"].items()
    }
    lanes = NonceLane.objects.filter(pk__in=restore.lanes).exclude(network__slug__in=without)
    lanes = lanes.exclude(transactions__state=S.NEEDS_OPERATOR).select_related("network")
    opened: list[int] = []
    for lane in lanes.order_by("pk"):
        if why := doubts.get(lane.pk):
            NonceLane.objects.filter(pk=lane.pk).update(pause_reason=why[:300])
        else:
            resume_lane(lane, f"after a restore: {reason}", actor=by)
            opened.append(lane.pk)
    return opened
