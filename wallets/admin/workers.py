"""Pages of the workers: clusters, repeating work, leases."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.utils import timezone

from wallets.clusters import STALE_AFTER
from wallets.console import show
from wallets.console.columns import column
from wallets.console.pages import ReadOnlyAdmin, section
from wallets.console.tallies import counted, labels, value
from wallets.models import Lease, Tally, TallyDelta, WakeUp, WorkerCluster


def _life(row: WorkerCluster) -> Any:
    if row.fenced_at:
        return show.flag("Ended", "plain")
    silent = timezone.now() - (row.beat_at or row.started_at)
    return show.flag("Alive", "success") if silent < STALE_AFTER else show.flag("Silent", "danger")


@admin.register(WorkerCluster)
class WorkerClusterAdmin(ReadOnlyAdmin):
    """Clusters of workers, the newest first."""

    list_display = ("__str__", column("Life", _life), "started_at", "beat_at", "fenced_at")
    list_filter = ("host",)
    fieldsets = (
        section(None, column("Life", _life), "host", "pid", "workers", "id"),
        section("Times", "started_at", "beat_at", "fenced_at"),
    )


def _took(row: WakeUp) -> Any:
    if not row.started_at or not row.finished_at or row.finished_at < row.started_at:
        return show.NOTHING
    return f"{(row.finished_at - row.started_at) / timedelta(milliseconds=1):.0f} ms"


@admin.register(WakeUp)
class WakeUpAdmin(ReadOnlyAdmin):
    """Repeating work."""

    list_display = (
        "key",
        "enqueued_at",
        "started_at",
        column("Took", _took),
        "failures",
        "last_error",
    )
    search_fields = ("key",)
    sortable_by = ("key",)
    fieldsets = (
        section(None, "key", "path", "argument"),
        section("Last time", "enqueued_at", "started_at", "finished_at", column("Took", _took)),
        section("Now", "in_hand"),
        section("In all", "completed", "failures", "last_error"),
    )


@admin.register(Lease)
class LeaseAdmin(ReadOnlyAdmin):
    """Rights that one process holds at a time."""

    list_display = ("name", "owner", "expires_at")
    search_fields = ("name", "owner")
    sortable_by = ("name",)
    fieldsets = (section(None, "name", "owner", "expires_at"),)


@admin.register(Tally)
class TallyAdmin(ReadOnlyAdmin):
    """Counters that /metrics shows."""

    list_display = (counted, labels, value)
    search_fields = ("name", "labels")
    sortable_by = ("name",)
    nothing = "Nothing was counted yet."
    fieldsets = (section(None, counted, labels, value),)


@admin.register(TallyDelta)
class TallyDeltaAdmin(ReadOnlyAdmin):
    """What was counted and is not in its tally yet."""

    list_display = ("id", counted, labels, value)
    sortable_by = ("id",)
    nothing = "Everything that was counted is in its tally."
    fieldsets = (section(None, counted, labels, value),)
