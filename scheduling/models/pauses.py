"""What a person has told to begin nothing new for a while."""

from django.db import models
from django.db.models import Q


class Pause(models.Model):
    """Within its scope nothing new begins; what is begun and signed goes on.

    Softer than an emergency stop, which forbids signatures. A row is a pause that stands; ending
    it deletes the row, and the history says who did what.
    """

    class Scope(models.TextChoices):
        EVERYTHING = "everything", "Everything"
        PROTOCOL = "protocol", "Protocol"
        NETWORK = "network", "Network"
        WALLET = "wallet", "Wallet"
        GROUP = "group", "Wallet group"
        TAG = "tag", "Wallet tag"
        TASK = "task", "Task"

    scope_kind = models.CharField(max_length=10, choices=Scope.choices)
    scope_value = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=300)
    actor = models.CharField(max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("scope_kind", "scope_value")
        permissions = (("operate_pause", "Can pause and resume"),)
        constraints = (
            models.UniqueConstraint(fields=("scope_kind", "scope_value"), name="pause_once"),
            models.CheckConstraint(
                condition=Q(scope_kind="everything", scope_value="")
                | (~Q(scope_kind="everything") & ~Q(scope_value="")),
                name="pause_scope_is_whole",
            ),
        )

    def __str__(self) -> str:
        return f"Pause of {self.scope_value or 'everything'}"
