"""Backups, upkeep and the disk."""

import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from prometheus_client.core import Metric

from airdrops_site.metrics.families import NO_LABELS, gauge, single
from airdrops_site.metrics.scrape import Scrape
from airdrops_site.models import Operation
from airdrops_site.operations import DONE, Kind, last_done


def collect(_scrape: Scrape) -> Iterator[Metric]:
    """All of it."""
    done = sorted(last_done().items())
    yield gauge(
        "operation_last_done_timestamp_seconds",
        "When a backup, a restore or a piece of upkeep was last done to its end.",
        ("operation",),
        (((kind,), at.timestamp()) for kind, at in done),
    )
    text = "Size of the newest backup."
    yield gauge("backup_bytes", text, NO_LABELS, single(_backup_bytes()))
    text = "Part of the data folder's disk that is free."
    yield gauge("disk_free_ratio", text, NO_LABELS, single(_disk_free(settings.DATA_DIR)))


def _backup_bytes() -> float | None:
    backups = Operation.objects.filter(kind=Kind.BACKUP, outcome__in=DONE)
    figures = backups.order_by("-ended_at").values_list("figures", flat=True).first() or {}
    size = figures.get("bytes")
    return float(size) if isinstance(size, int) else None


def _disk_free(folder: Path) -> float | None:
    """Of what a user may fill."""
    while not folder.exists():
        folder = folder.parent
    found = os.statvfs(folder)
    whole = found.f_blocks - found.f_bfree + found.f_bavail
    return found.f_bavail / whole if whole else None
