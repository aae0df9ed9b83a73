"""What has gone wrong lately, how risky things are, and what is done about it."""

from django.db import models

from scheduling.states import BreakerState


class Breaker(models.Model):
    """A protocol's circuit breaker: opens by itself after failures, is closed by a person only.

    `half_open` lets one run through at a time: its success closes the breaker, its failure opens
    it again.
    """

    protocol = models.OneToOneField(
        "protocols.Protocol", on_delete=models.CASCADE, related_name="breaker"
    )
    state = models.CharField(
        max_length=9, choices=BreakerState.choices, default=BreakerState.CLOSED
    )
    failures = models.PositiveIntegerField(default=0, help_text="Failed runs in a row.")
    # The newest run it has counted: each is counted once.
    counted_run = models.ForeignKey(
        "scheduling.Run", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # The one run that a half-open one lets through; its end decides.
    probe = models.ForeignKey(
        "scheduling.Run", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=500, blank=True)
    version = models.PositiveBigIntegerField(default=0)
    state_changed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("protocol",)
        permissions = (("operate_breaker", "Can let an open one try again"),)

    def __str__(self) -> str:
        return f"Breaker of {self.protocol}"


class RiskLevel(models.TextChoices):
    """How risky things are; in order."""

    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"
    CRITICAL = "critical", "Critical"


class RiskReading(models.Model):
    """The risk level at a moment, with the reasons and the figures it came from."""

    at = models.DateTimeField(db_index=True)
    level = models.CharField(max_length=8, choices=RiskLevel.choices)
    reasons = models.JSONField(default=list, help_text="A sentence each.")
    figures = models.JSONField(default=dict, help_text="Numbers as text; null is unknown.")

    class Meta:
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return f"{self.get_level_display()} at {self.at:%Y-%m-%d %H:%M:%S}"


class RiskResponse(models.Model):
    """What happens when the risk reaches a level."""

    class Action(models.TextChoices):
        NONE = "none", "Nothing"
        REDUCE = "reduce", "Begin only what reduces positions"
        PAUSE = "pause", "Begin nothing"
        STOP = "stop", "Emergency stop of everything but cancels"

    level = models.CharField(max_length=8, choices=RiskLevel.choices, unique=True)
    action = models.CharField(max_length=6, choices=Action.choices, default=Action.NONE)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.get_level_display()}: {self.get_action_display()}"
