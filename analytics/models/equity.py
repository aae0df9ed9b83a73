"""What all that is owned was worth, over time."""

from django.db import models

from wallets.amounts import AmountField


class EquityPoint(models.Model):
    """What all was worth together at a moment, in US cents; null is unknown, and says why.

    `parts` has what is known of it in US cents, each rounded up: `protocols` (debts not taken off),
    `networks`, `tokens` (by `network:address`), `symbols`, `wallets` by address in the newest point
    of an hour, `places` (by protocol, debts taken off; no name is what wallets hold); `unknown`, a
    sentence each; and `campaigns` with what each has cost, or null.
    """

    at = models.DateTimeField(db_index=True)
    as_of = models.DateTimeField(
        null=True, blank=True, help_text="How old the oldest of what was added up is."
    )
    cents = models.BigIntegerField(null=True, blank=True)
    problem = models.CharField(max_length=500, blank=True)
    loss_cents = models.BigIntegerField(
        null=True, blank=True, help_text="Lost since the day (UTC) began; below zero was won."
    )
    loss_problem = models.CharField(max_length=500, blank=True)
    parts = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("-at", "-id")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(cents__isnull=False) | ~models.Q(problem=""),
                name="equity_unknown_says_why",
            ),
            models.CheckConstraint(
                condition=models.Q(loss_cents__isnull=False) | ~models.Q(loss_problem=""),
                name="equity_unknown_loss_says_why",
            ),
        )
        indexes = (
            models.Index(
                fields=("at",), condition=models.Q(cents__isnull=False), name="equity_known"
            ),
        )

    def __str__(self) -> str:
        return f"All at {self.at:%Y-%m-%d %H:%M:%S}"


class CountedBalance(models.Model):
    """Since when a balance is a part of what all is worth, and how much of it was there then.

    What a wallet had when it was added is no gain: it counts as brought in at that moment, and what
    moved up to the block of that balance counts no more.
    """

    wallet = models.ForeignKey("wallets.Wallet", on_delete=models.CASCADE, related_name="+")
    token = models.ForeignKey("wallets.Token", on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(db_index=True)
    block_number = models.PositiveBigIntegerField()
    amount = AmountField()

    class Meta:
        ordering = ("-at", "-id")
        constraints = (
            models.UniqueConstraint(fields=("wallet", "token"), name="counted_balance_once"),
        )

    def __str__(self) -> str:
        return f"{self.token} of {self.wallet} since {self.at:%Y-%m-%d %H:%M}"
