"""A second person's consent to exactly what a run is about to do."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from scheduling.models.runs import Run
from scheduling.states import ApprovalState


class Approval(models.Model):
    """The steps a run planned, bound by a digest. Approved, these very steps are made."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="approvals")
    # The place of its first step: what follows a wait is approved on its own.
    first_step = models.PositiveSmallIntegerField(default=0)
    plan = models.JSONField(help_text="Summary, steps and what they rely on, as planned.")
    digest = models.CharField(max_length=64, help_text="Binds the plan, the wallet and the task.")
    reasons = models.JSONField(default=list, help_text="Why it was asked for, a sentence each.")
    state = models.CharField(
        max_length=8, choices=ApprovalState.choices, default=ApprovalState.ASKED
    )
    expires_at = models.DateTimeField(help_text="From then on it is worth nothing, given or not.")
    # Whoever said what the run is to do, and so may not be the second person.
    asked_for = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_alone = models.BooleanField(
        default=False, help_text="Nobody else was asked: the installation has one operator."
    )
    detail = models.CharField(max_length=500, blank=True)
    version = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    state_changed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-id",)
        permissions = (("approve_run", "Can approve what a run is about to do"),)
        constraints = (
            models.UniqueConstraint(
                fields=("run",),
                condition=Q(state__in=("asked", "approved")),
                name="approval_open_once",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("approved", "used")) | Q(decided_by__isnull=False),
                name="approval_has_a_person",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | Q(asked_for__isnull=True)
                | Q(decided_alone=True)
                | Q(state="declined")
                | ~Q(decided_by=F("asked_for")),
                name="approval_two_persons",
            ),
        )

    def __str__(self) -> str:
        return f"Approval {self.pk} of run {self.run_id}"
