"""What was done to keep the system: backups, restores, cleanups, pieces of upkeep."""

from django.db import models
from django.db.models import F, Q


class Operation(models.Model):
    """One such work from its beginning to its end; what it found stands in `figures`.

    A row without an end is under way, or its process was killed: `host` and `pid` say which.
    """

    class Kind(models.TextChoices):
        BACKUP = "backup", "Backup"
        BACKUP_VERIFICATION = "backup_verification", "Verification of a backup"
        RESTORE = "restore", "Restore"
        RESTORE_DRILL = "restore_drill", "Restore drill"
        CLEANUP = "cleanup", "Cleanup"
        LOG_REVIEW = "log_review", "Review of errors"
        BOOKS = "books", "Books beside the chain"
        DEPLOYMENTS = "deployments", "Verification of deployments"
        SETTINGS_AUDIT = "settings_audit", "Audit of settings"
        PERFORMANCE = "performance", "Performance review"
        KEY_ROTATION = "key_rotation", "Reminder of key rotation"
        DEPENDENCIES = "dependencies", "Audit of dependencies"

    class Outcome(models.TextChoices):
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Succeeded"
        # It was done, and what it found needs a person.
        FINDINGS = "findings", "Done, with findings"
        FAILED = "failed", "Failed"
        # It could not be found out, which is neither good nor bad.
        UNKNOWN = "unknown", "Unknown"

    kind = models.CharField(max_length=24, choices=Kind.choices)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.RUNNING)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    by = models.CharField(max_length=150, help_text="The person or the worker.")
    host = models.CharField(max_length=100)
    pid = models.PositiveIntegerField()
    summary = models.CharField(max_length=500, blank=True, help_text="One sentence: what came out.")
    location = models.CharField(max_length=500, blank=True, help_text="The file it made or read.")
    figures = models.JSONField(default=dict, blank=True, help_text="Counts, bytes, findings.")

    class Meta:
        ordering = ("-started_at", "-id")
        indexes = (
            # The newest of a kind with an outcome: health and metrics ask at every look.
            models.Index(fields=("kind", "outcome", "-ended_at"), name="operation_newest"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(outcome="running", ended_at=None)
                | (~Q(outcome="running") & Q(ended_at__gte=F("started_at"))),
                name="operation_ends_with_an_outcome",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.started_at:%Y-%m-%d %H:%M}"


class Restore(models.Model):
    """A restored database from its first moment to a person's word that it may sign again.

    `findings` is what the chain said, by network: what it holds and the backup does not.
    """

    class State(models.TextChoices):
        PAUSED = "paused", "Paused, the chain is not asked yet"
        ASKED = "asked", "The chain was asked"
        RESUMED = "resumed", "Resumed"
        SUPERSEDED = "superseded", "Another backup was restored"

    state = models.CharField(max_length=10, choices=State.choices, default=State.PAUSED)
    source = models.CharField(max_length=500, help_text="The backup it came from.")
    backup_made_at = models.DateTimeField()
    restored_at = models.DateTimeField()
    by = models.CharField(max_length=150)
    previous_installation = models.UUIDField(help_text="Whose backup it is.")
    installation = models.UUIDField(help_text="What it calls itself since it was restored.")
    asked_at = models.DateTimeField(null=True, blank=True)
    resumed_at = models.DateTimeField(null=True, blank=True)
    resumed_by = models.CharField(max_length=150, blank=True)
    findings = models.JSONField(default=dict, blank=True)
    lanes = models.JSONField(
        default=list, blank=True, help_text="Those the restore paused, to be opened again."
    )
    left = models.JSONField(
        default=list, blank=True, help_text="Networks left paused by the resume: not asked yet."
    )

    class Meta:
        ordering = ("-restored_at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=~Q(state="resumed") | Q(resumed_at__isnull=False),
                name="restore_resumed_at_a_time",
            ),
        )

    def __str__(self) -> str:
        return f"restored {self.restored_at:%Y-%m-%d %H:%M}"
