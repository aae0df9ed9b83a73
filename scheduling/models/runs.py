"""Due times, and their execution."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from scheduling.models.tasks import Task
from scheduling.states import OccurrenceState, RunState, StepState
from wallets.addresses import AddressField
from wallets.amounts import AmountField


class Occurrence(models.Model):
    """A task, a wallet and a due time: what makes a run happen once, whatever crashes."""

    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="occurrences")
    wallet = models.ForeignKey(
        "wallets.Wallet", on_delete=models.PROTECT, related_name="occurrences"
    )
    due_at = models.DateTimeField()
    state = models.CharField(
        max_length=8, choices=OccurrenceState.choices, default=OccurrenceState.DUE
    )
    reason = models.CharField(max_length=200, blank=True, help_text="Why it was skipped.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-due_at",)
        constraints = (
            models.UniqueConstraint(fields=("task", "wallet", "due_at"), name="occurrence_once"),
        )

    def __str__(self) -> str:
        return f"{self.task} with {self.wallet} at {self.due_at:%Y-%m-%d %H:%M:%S}"


class Run(models.Model):
    """The execution of one occurrence."""

    occurrence = models.OneToOneField(Occurrence, on_delete=models.PROTECT, related_name="run")
    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="runs")
    wallet = models.ForeignKey("wallets.Wallet", on_delete=models.PROTECT, related_name="runs")
    params = models.JSONField(default=dict, help_text="As they were when the run began.")
    readings = models.JSONField(
        default=dict,
        blank=True,
        help_text="What its expressions were, the balance they were taken of, and what they came "
        "to.",
    )
    # Who had last said what the task does when this was copied from it; nobody from a shell.
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        editable=False,
    )
    summary = models.CharField(max_length=300, blank=True)
    relies_on = models.JSONField(
        default=list, help_text="What must not change under it, as its plan named it."
    )
    priority = models.SmallIntegerField(default=0)
    state = models.CharField(max_length=14, choices=RunState.choices, default=RunState.PENDING)
    detail = models.CharField(max_length=500, blank=True)
    tries = models.PositiveSmallIntegerField(
        default=0, help_text="How often it was tried again after it failed."
    )
    started_at = models.DateTimeField(
        null=True, blank=True, help_text="When its first step began; anew with each try."
    )
    cancel_reason = models.CharField(
        max_length=300, blank=True, help_text="It ends so once what it has signed is decided."
    )
    version = models.PositiveBigIntegerField(default=0)
    # When to look at it again; null when finished or until its transaction changes.
    wake_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    state_changed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(
                fields=("-priority", "wake_at"),
                condition=Q(wake_at__isnull=False),
                name="run_awake",
            ),
            models.Index(fields=("task", "wallet", "-id"), name="run_latest"),
            models.Index(fields=("state", "-id"), name="run_by_state"),
            models.Index(
                fields=("task", "wallet"), condition=Q(state="running"), name="run_running"
            ),
            models.Index(fields=("task", "-id"), condition=Q(state="succeeded"), name="run_done"),
        )
        permissions = (("operate_run", "Can restart, retry, cancel and give up"),)

    def __str__(self) -> str:
        return f"Run {self.pk} of {self.task}"


class Step(models.Model):
    """One call, wait or signed request of a run."""

    class Kind(models.TextChoices):
        CALL = "call", "Call"
        WAIT = "wait", "Wait"
        SIGNED_REQUEST = "signed_request", "Signed request"

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="steps")
    index = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=14, choices=Kind.choices)
    label = models.CharField(max_length=200)
    spec = models.JSONField(help_text="The planned step, as the adapter returned it.")
    state = models.CharField(max_length=10, choices=StepState.choices, default=StepState.PLANNED)
    detail = models.CharField(max_length=500, blank=True)
    transaction = models.OneToOneField(
        "wallets.Transaction",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="step",
    )
    # The receipt the settlement was read from: another canonical one means it must be read anew.
    settled_receipt = models.ForeignKey(
        "wallets.Receipt", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    settlement = models.JSONField(null=True, blank=True)
    request = models.OneToOneField(
        "wallets.SignedRequest",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="step",
    )
    # What a wait found, or a venue answered.
    found = models.JSONField(null=True, blank=True)
    # When to look for what a wait is for; null when nobody looks.
    look_at = models.DateTimeField(null=True, blank=True)
    looks = models.PositiveIntegerField(default=0)
    overdue_at = models.DateTimeField(
        null=True, blank=True, help_text="A wait that is not over then needs an operator."
    )
    version = models.PositiveBigIntegerField(default=0)
    state_changed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("run", "index")
        constraints = (
            models.UniqueConstraint(fields=("run", "index"), name="step_index_once"),
            models.CheckConstraint(
                condition=~Q(state="settled") | Q(settlement__isnull=False),
                name="step_settled_has_settlement",
            ),
            models.CheckConstraint(
                condition=Q(look_at__isnull=True) | Q(state="waiting"),
                name="step_is_looked_for_while_waiting",
            ),
        )
        indexes = (
            models.Index(
                fields=("transaction",), condition=Q(state="submitted"), name="step_submitted"
            ),
            models.Index(
                fields=("look_at",), condition=Q(look_at__isnull=False), name="step_waiting"
            ),
            models.Index(
                fields=("state_changed_at",), condition=Q(kind="wait"), name="step_wait_changed"
            ),
        )

    def __str__(self) -> str:
        return self.label


class RunAllowance(models.Model):
    """An allowance that a run gave for its own use; what that leaves of it is taken back."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="allowances")
    token = AddressField()
    spender = AddressField()
    amount = AmountField(help_text="The most the run allowed, in the token's base units.")
    last_use = models.ForeignKey(Step, on_delete=models.PROTECT, related_name="+")
    # When to look at it again, once its use is over; null when there is nothing left to do.
    look_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    clear_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when nothing is left, as the chain says unfinally."
    )
    tries = models.PositiveSmallIntegerField(default=0, help_text="Revocations asked for.")
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("run", "token", "spender"), name="run_allowance_once"),
        )
        indexes = (
            models.Index(
                fields=("look_at",), condition=Q(look_at__isnull=False), name="run_allowance_open"
            ),
        )

    def __str__(self) -> str:
        return f"{self.spender} may take {self.amount} of {self.token} for {self.run_id}"
