"""What was worked out of the books about costs and profit: made anew from them at any time."""

from typing import Any

from django.db import models
from django.db.models import Q

from wallets.amounts import AmountField

_KNOWN = Q(method__in=("fifo", "average"))


class Method(models.TextChoices):
    """Which of what is held leaves first, and at what cost."""

    FIFO = "fifo", "First in, first out"
    AVERAGE = "average", "Average cost"


class BasisCheckpoint(models.Model):
    """How far the lots were followed through the books, and where they all were then.

    `consumed` says what was read until then, so that a later correction of it is noticed.
    """

    method = models.CharField(max_length=7, choices=Method.choices, primary_key=True)
    until = models.DateTimeField(null=True, blank=True)
    version = models.PositiveBigIntegerField(default=0)
    state = models.TextField(blank=True)
    consumed = models.JSONField(default=dict, blank=True)
    summary = models.JSONField(default=dict, blank=True, help_text="What the console shows.")
    refreshed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("method",)
        constraints = (models.CheckConstraint(condition=_KNOWN, name="basis_method_known"),)

    def __str__(self) -> str:
        return f"{self.get_method_display()} until {self.until:%Y-%m-%d}" if self.until else "new"


def _dollars() -> "AmountField[Any, Any]":
    return AmountField(default=0)


def _count() -> "models.PositiveIntegerField[Any, Any]":
    return models.PositiveIntegerField(default=0)


class ProfitDay(models.Model):
    """What a day (UTC) brought and cost, by wallet, token, airdrop, protocol and task.

    In 1e-18 US dollars at the prices of the time; `unknown_…` counts what has no price or cost.
    """

    method = models.CharField(max_length=7, choices=Method.choices)
    day = models.DateField()
    wallet = models.ForeignKey("wallets.Wallet", on_delete=models.CASCADE, related_name="+")
    token = models.ForeignKey("wallets.Token", on_delete=models.CASCADE, related_name="+")
    campaign = models.ForeignKey(
        "analytics.Campaign", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    protocol = models.CharField(max_length=60, blank=True)
    task = models.ForeignKey(
        "scheduling.Task", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    proceeds = _dollars()
    cost = _dollars()
    income = _dollars()
    fees = _dollars()
    fee_amount = AmountField(default=0, help_text="In base units.")
    slippage = _dollars()
    put_in = _dollars()
    taken_out = _dollars()
    own_in = _dollars()
    own_out = _dollars()
    bridged_in = _dollars()
    bridged_out = _dollars()
    unknown_gains = _count()
    unknown_income = _count()
    unknown_fees = _count()
    unknown_flows = _count()
    unpriced = _count()
    unexplained = AmountField(default=0, help_text="Base units that left without having come.")

    class Meta:
        ordering = ("-day", "-id")
        constraints = (models.CheckConstraint(condition=_KNOWN, name="profit_day_method_known"),)
        indexes = (
            models.Index(fields=("method", "day"), name="profit_day_by_day"),
            models.Index(fields=("method", "wallet", "token"), name="profit_day_by_wallet"),
        )

    def __str__(self) -> str:
        return f"{self.day}: {self.wallet_id} with {self.token_id}"
