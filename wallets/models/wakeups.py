"""Wake-ups for the workers, and the clusters that answer them."""

from django.db import models


class WakeUp(models.Model):
    """A piece of repeating work: asked for any number of times, done at least once after."""

    key = models.CharField(max_length=120, unique=True)
    path = models.CharField(max_length=200)
    argument = models.CharField(max_length=50, blank=True)
    # A job for it is with the broker since then.
    enqueued_at = models.DateTimeField(null=True, blank=True)
    # Since when no worker has begun what was asked for, however often it was asked for again.
    waiting_since = models.DateTimeField(null=True, blank=True, editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    in_hand = models.PositiveSmallIntegerField(
        default=0, help_text="Jobs of it that workers have begun and not ended."
    )
    completed = models.PositiveBigIntegerField(
        default=0, editable=False, help_text="How often it was done to its end."
    )
    failures = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("key",)

    def __str__(self) -> str:
        return self.key


class WorkerCluster(models.Model):
    """One running `qcluster`: its heartbeat is written by a worker doing real work."""

    id = models.UUIDField(primary_key=True)
    host = models.CharField(max_length=100)
    pid = models.PositiveIntegerField()
    workers = models.PositiveIntegerField(default=1, help_text="Worker processes of it.")
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField(null=True, blank=True)
    # Set when the cluster has ended or was declared dead: its orphans must stop.
    fenced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-started_at",)

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"


class Lease(models.Model):
    """A named right that one process holds at a time."""

    name = models.CharField(max_length=80, primary_key=True)
    owner = models.CharField(max_length=100, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
