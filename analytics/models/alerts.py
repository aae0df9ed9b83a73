"""What is wrong now, who has seen it, and what was said about it to whom."""

from django.db import models
from django.db.models import F, Q


class Severity(models.TextChoices):
    """How soon somebody must look."""

    INFO = "info", "Info"
    WARNING = "warning", "Warning"
    CRITICAL = "critical", "Critical"


class AlertRule(models.Model):
    """What was set otherwise for a rule; the rule itself, and all that is empty here, is code."""

    name = models.SlugField(unique=True, max_length=40)
    enabled = models.BooleanField(default=True)
    threshold = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="In the rule's own unit; empty is the rule's own."
    )
    for_seconds = models.PositiveIntegerField(
        null=True, blank=True, help_text="How long it must hold before it is said."
    )
    severity = models.CharField(max_length=8, choices=Severity.choices, blank=True)
    route = models.CharField(
        max_length=300,
        blank=True,
        help_text="Channels, like `mail,ops > phone`: after > whom an escalation goes to.",
    )
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Alert(models.Model):
    """A rule that holds of a subject, from when it was first seen until it holds no more."""

    class State(models.TextChoices):
        # It holds, and not yet for as long as the rule wants.
        PENDING = "pending", "Pending"
        FIRING = "firing", "Firing"
        RESOLVED = "resolved", "Resolved"

    rule = models.SlugField(max_length=40)
    subject = models.CharField(max_length=120, help_text="A name, like a network's.")
    severity = models.CharField(max_length=8, choices=Severity.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    summary = models.CharField(max_length=500, help_text="What is wrong, as last seen.")
    since = models.DateTimeField(help_text="When it was first seen.")
    fired_at = models.DateTimeField(null=True, blank=True)
    # When its channels were told: null while a silence, or nobody to tell, keeps it from that.
    announced_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.CharField(max_length=150, blank=True)
    level = models.PositiveSmallIntegerField(
        default=0, help_text="How often it was passed on to the next."
    )
    escalated_at = models.DateTimeField(null=True, blank=True)
    notified = models.PositiveIntegerField(default=0, help_text="Messages written about it.")
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-since", "-id")
        permissions = (("operate_alert", "Can acknowledge and silence"),)
        constraints = (
            models.UniqueConstraint(
                fields=("rule", "subject"),
                condition=~Q(state="resolved"),
                name="alert_open_once",
            ),
            models.CheckConstraint(
                condition=Q(state="resolved", resolved_at__gte=F("since"))
                | (~Q(state="resolved") & Q(resolved_at=None)),
                name="alert_resolved_says_when",
            ),
            models.CheckConstraint(
                condition=Q(state="pending", fired_at=None)
                | (~Q(state="pending") & Q(fired_at__isnull=False)),
                name="alert_fired_says_when",
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at=None, acknowledged_by="")
                | (Q(acknowledged_at__isnull=False) & ~Q(acknowledged_by="")),
                name="alert_acknowledged_by_somebody",
            ),
        )
        indexes = (
            models.Index(fields=("state", "-id"), name="alert_by_state"),
            models.Index(fields=("rule", "-id"), name="alert_by_rule"),
        )

    def __str__(self) -> str:
        return f"{self.rule.replace('_', ' ')}: {self.subject}"


class Silence(models.Model):
    """Of what nobody is told for a while; an empty matcher matches all."""

    rule = models.SlugField(max_length=40, blank=True)
    subject = models.CharField(max_length=120, blank=True)
    severity = models.CharField(max_length=8, choices=Severity.choices, blank=True)
    until = models.DateTimeField()
    by = models.CharField(max_length=150)
    reason = models.CharField(max_length=300)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When it was lifted early.")
    ended_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ("-until", "-id")
        permissions = (("operate_silence", "Can lift silences"),)
        constraints = (
            models.CheckConstraint(condition=~Q(reason=""), name="silence_says_why"),
            models.CheckConstraint(
                condition=~Q(rule="", subject="", severity=""), name="silence_of_something"
            ),
        )
        indexes = (models.Index(fields=("until",), name="silence_until"),)

    def __str__(self) -> str:
        of = ", ".join(filter(None, (self.rule, self.subject, self.severity)))
        return f"{of} until {self.until:%Y-%m-%d %H:%M}"


class Notification(models.Model):
    """A message for one channel, written with what it is about and sent by a worker afterwards.

    The channel's name only: where it leads is a secret of the environment.
    """

    class Kind(models.TextChoices):
        FIRING = "firing", "Firing"
        ESCALATED = "escalated", "Escalated"
        RESOLVED = "resolved", "Resolved"
        TEST = "test", "Test"

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"

    alert = models.ForeignKey(
        Alert, null=True, blank=True, on_delete=models.CASCADE, related_name="notifications"
    )
    kind = models.CharField(max_length=9, choices=Kind.choices)
    severity = models.CharField(max_length=8, choices=Severity.choices)
    channel = models.CharField(max_length=30)
    title = models.CharField(max_length=200)
    text = models.TextField()
    state = models.CharField(max_length=7, choices=State.choices, default=State.PENDING)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="When it is tried next.")
    # Whoever sends it has it until then; after a kill it is free again by itself.
    claim = models.UUIDField(null=True, blank=True, editable=False)
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True)
    summarised = models.BooleanField(
        default=False, help_text="Sent as a line of one message about many."
    )
    last_error = models.CharField(max_length=60, blank=True, help_text="The kind of the failure.")

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False)
                | (~Q(state="sent") & Q(sent_at=None)),
                name="notification_sent_says_when",
            ),
            models.CheckConstraint(
                condition=Q(kind="test") | Q(alert__isnull=False),
                name="notification_of_an_alert",
            ),
        )
        indexes = (
            models.Index(
                fields=("channel", "due_at"),
                condition=Q(state="pending"),
                name="notification_to_send",
            ),
            models.Index(fields=("channel", "state", "sent_at"), name="notification_sent"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} to {self.channel}: {self.title}"


class JobMark(models.Model):
    """How many jobs had ended by then: two of them tell what became of those in between."""

    at = models.DateTimeField(unique=True)
    ended = models.PositiveBigIntegerField()
    failed = models.PositiveBigIntegerField()

    class Meta:
        ordering = ("-at",)
        constraints = (
            models.CheckConstraint(
                condition=Q(failed__lte=F("ended")), name="jobmark_failed_have_ended"
            ),
        )

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
