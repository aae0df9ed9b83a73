"""Standing orders: what shall happen, with which wallets, when, after what."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from scheduling.models.plans import Plan
from wallets.amounts import AmountField
from wallets.models import Transaction


class Task(models.Model):
    """A standing order: an action with its parameters, wallets, schedule and limits."""

    class Schedule(models.TextChoices):
        ONCE = "once", "Once"
        INTERVAL = "interval", "Every interval"
        CRON = "cron", "Cron"

    class Misfire(models.TextChoices):
        """What to do about due times that passed while nothing ran."""

        SKIP = "skip", "Skip them"
        ONCE = "once", "Run once"
        ALL = "all", "Catch up on all"

    class Priority(models.IntegerChoices):
        LOW = -10, "Low"
        NORMAL = 0, "Normal"
        HIGH = 10, "High"
        CRITICAL = 20, "Critical"

    name = models.CharField(max_length=120, unique=True)
    protocol = models.ForeignKey(
        "protocols.Protocol", on_delete=models.PROTECT, related_name="tasks"
    )
    action = models.SlugField()
    network = models.ForeignKey("wallets.Network", on_delete=models.PROTECT, related_name="tasks")
    wallets: "models.ManyToManyField[Any, Any]" = models.ManyToManyField(
        "wallets.Wallet", through="TaskWallet", related_name="tasks"
    )
    params = models.JSONField(default=dict, blank=True, help_text="Amounts in base units, as text.")
    schedule = models.CharField(max_length=8, choices=Schedule.choices)
    interval_seconds = models.PositiveIntegerField(null=True, blank=True)
    cron = models.CharField(max_length=100, blank=True)
    timezone = models.CharField(max_length=50, default="UTC")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    max_occurrences = models.PositiveIntegerField(
        null=True, blank=True, help_text="Due times after which it ends by itself."
    )
    times = models.PositiveSmallIntegerField(
        default=1, help_text="Runs of each wallet within the window that begins at a due time."
    )
    spread_seconds = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="How long that window is: its runs are spread evenly over it, for cost and load.",
    )
    misfire = models.CharField(max_length=4, choices=Misfire.choices, default=Misfire.ONCE)
    misfire_grace_seconds = models.PositiveIntegerField(
        default=300, help_text="A due time that is later than this was missed."
    )
    priority = models.SmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)
    urgency = models.CharField(
        max_length=6, choices=Transaction.Urgency.choices, default=Transaction.Urgency.NORMAL
    )
    max_fee_ceiling = AmountField(
        null=True, blank=True, help_text="Wei per gas. Above it a run waits for cheaper gas."
    )
    window_seconds = models.PositiveIntegerField(
        null=True, blank=True, help_text="How long after its due time a run may still sign."
    )
    timeout_seconds = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="How long after its start a run may begin further steps; waits do not count.",
    )
    max_running = models.PositiveIntegerField(
        null=True, blank=True, help_text="Runs of it at the same time."
    )
    max_retries = models.PositiveSmallIntegerField(
        default=0, help_text="How often a run that failed, and surely did nothing, is tried again."
    )
    retry_seconds = models.PositiveIntegerField(
        default=60, help_text="The first pause before that; each further one is twice as long."
    )
    needs_approval = models.BooleanField(
        default=False, help_text="A second person approves what each run is about to do."
    )
    groups = models.ManyToManyField(
        "wallets.WalletGroup", blank=True, related_name="tasks", help_text="All wallets of these."
    )
    tags = models.ManyToManyField(
        "wallets.WalletTag", blank=True, related_name="tasks", help_text="All wallets with these."
    )
    # Whoever last said what it does; the second person of an approval is somebody else.
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
    )
    enabled = models.BooleanField(default=True)
    plan = models.ForeignKey(
        Plan,
        on_delete=models.PROTECT,
        related_name="tasks",
        null=True,
        blank=True,
        editable=False,
        help_text="Whose lines it carries; such a task is never due by itself.",
    )
    next_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    due_count = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(
                condition=Q(schedule="interval", interval_seconds__gte=1) | ~Q(schedule="interval"),
                name="task_interval_has_seconds",
            ),
            models.CheckConstraint(
                condition=~Q(schedule="cron") | ~Q(cron=""), name="task_cron_has_expression"
            ),
            models.CheckConstraint(condition=Q(times__gte=1), name="task_runs_at_least_once"),
            models.CheckConstraint(
                condition=Q(times=1) | Q(spread_seconds__isnull=False),
                name="task_several_times_have_a_window",
            ),
            models.CheckConstraint(
                condition=Q(max_running__isnull=True) | Q(max_running__gte=1),
                name="task_max_running_positive",
            ),
        )
        indexes = (
            models.Index(
                fields=("next_due_at",),
                condition=Q(enabled=True, next_due_at__isnull=False),
                name="task_due",
            ),
        )

    def __str__(self) -> str:
        return self.name


class TaskWallet(models.Model):
    """A wallet of a task, with the parameters that are its own."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="task_wallets")
    wallet = models.ForeignKey(
        "wallets.Wallet", on_delete=models.PROTECT, related_name="task_wallets"
    )
    params = models.JSONField(default=dict, blank=True, help_text="Override the task's.")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("task", "wallet"), name="task_wallet_once"),)

    def __str__(self) -> str:
        return f"{self.task} with {self.wallet}"


class TaskDependency(models.Model):
    """A task whose latest run with the same wallet must be over first."""

    class Condition(models.TextChoices):
        SUCCEEDED = "succeeded", "Has succeeded"
        COMPLETED = "completed", "Is over, however it ended"

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="dependencies")
    needs = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="dependents")
    condition = models.CharField(
        max_length=9, choices=Condition.choices, default=Condition.SUCCEEDED
    )
    delay_seconds = models.PositiveIntegerField(
        default=0, help_text="How long after that its own run begins."
    )

    class Meta:
        verbose_name_plural = "Task dependencies"
        constraints = (
            models.UniqueConstraint(fields=("task", "needs"), name="dependency_once"),
            models.CheckConstraint(
                condition=~Q(task=models.F("needs")), name="dependency_not_on_itself"
            ),
        )

    def __str__(self) -> str:
        return f"{self.task} after {self.needs}"
