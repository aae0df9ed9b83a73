"""Batches of transfers that are looked at as a whole before anything is signed."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from scheduling.plan_states import LineState, PlanState
from wallets.addresses import AddressField
from wallets.amounts import AmountField
from wallets.models import Transaction


class Plan(models.Model):
    """Lines that move value, approved together. They are never edited: a plan is made anew."""

    class Kind(models.TextChoices):
        TRANSFER = "transfer", "Transfer"
        FUND = "fund", "Fund"
        SWEEP = "sweep", "Sweep"
        DRAIN = "drain", "Drain"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    title = models.CharField(max_length=120)
    state = models.CharField(max_length=9, choices=PlanState.choices, default=PlanState.DRAFT)
    urgency = models.CharField(
        max_length=6, choices=Transaction.Urgency.choices, default=Transaction.Urgency.NORMAL
    )
    digest = models.CharField(max_length=64, help_text="Binds every line as it was made.")
    balances_at = models.DateTimeField(
        null=True, blank=True, help_text="When the balances were read that it rests on."
    )
    # Nobody where a shell drains to a listed safe address, which needs nobody's consent.
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    created_from = models.CharField(max_length=100, help_text="Who made it, as history says it.")
    created_at = models.DateTimeField(auto_now_add=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_alone = models.BooleanField(
        default=False, help_text="Confirmed by whoever made it; no second person was asked."
    )
    cancel_reason = models.CharField(max_length=300, blank=True)
    detail = models.CharField(max_length=500, blank=True)
    version = models.PositiveBigIntegerField(default=0)
    state_changed_at = models.DateTimeField(auto_now_add=True)
    # When the workers shall look at it; null when there is nothing to do.
    look_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ("-id",)
        permissions = (
            ("operate_plan", "Can make, confirm small ones, run and cancel"),
            ("approve_plan", "Can approve what somebody else made"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | Q(approved_alone=True)
                | ~Q(approved_by=F("created_by")),
                name="plan_two_persons",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("draft", "cancelled")) | Q(approved_at__isnull=False),
                name="plan_runs_approved",
            ),
            models.CheckConstraint(
                condition=Q(state__in=PlanState.values), name="plan_state_known"
            ),
        )
        indexes = (
            models.Index(
                fields=("look_at",), condition=Q(look_at__isnull=False), name="plan_to_look_at"
            ),
        )

    def __str__(self) -> str:
        return f"Plan {self.pk}: {self.title}"


class PlanLine(models.Model):
    """One payment of a plan, and the run that makes it."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="lines")
    index = models.PositiveIntegerField()
    wallet = models.ForeignKey("wallets.Wallet", on_delete=models.PROTECT, related_name="+")
    token = models.ForeignKey("wallets.Token", on_delete=models.PROTECT, related_name="+")
    amount = AmountField(help_text="Base units; of `everything` the most that may go.")
    everything = models.BooleanField(
        default=False, help_text="Of the native coin: all that is there, less the fee."
    )
    recipient = AddressField()
    purpose = models.CharField(max_length=200)
    digest = models.CharField(max_length=64, help_text="Binds what stands above, as it was made.")
    state = models.CharField(max_length=9, choices=LineState.choices, default=LineState.WAITING)
    detail = models.CharField(max_length=500, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    run = models.OneToOneField(
        "scheduling.Run", on_delete=models.PROTECT, related_name="plan_line", null=True, blank=True
    )
    version = models.PositiveBigIntegerField(default=0)
    state_changed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("plan", "index")
        constraints = (
            models.UniqueConstraint(fields=("plan", "index"), name="plan_line_once"),
            models.CheckConstraint(
                condition=~Q(state__in=("started", "done")) | Q(run__isnull=False),
                name="plan_line_has_run",
            ),
            models.CheckConstraint(
                condition=Q(state__in=LineState.values), name="plan_line_state_known"
            ),
        )
        indexes = (
            models.Index(
                fields=("wallet", "token", "recipient"),
                condition=Q(state__in=("waiting", "started")),
                name="plan_line_open",
            ),
        )

    def __str__(self) -> str:
        return f"line {self.index} of plan {self.plan_id}"
