"""What wallets hold, as last read from a chain, and how it came to be."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from wallets.addresses import HashField
from wallets.amounts import AmountField


class BalanceSnapshot(models.Model):
    """One reading of many balances, all at one block of one network."""

    network = models.ForeignKey(
        "wallets.Network", on_delete=models.CASCADE, related_name="balance_snapshots"
    )
    block_number = models.PositiveBigIntegerField()
    block_hash = HashField()
    block_at = models.DateTimeField()
    taken_at = models.DateTimeField(auto_now_add=True)
    read = models.PositiveIntegerField(help_text="Balances asked for.")
    unknown = models.PositiveIntegerField(help_text="Those the chain gave no number for.")

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("network", "-id"), name="snapshot_latest"),)

    def __str__(self) -> str:
        return f"{self.network} at block {self.block_number}"


class Balance(models.Model):
    """What a wallet holds of a token now; an amount of null is unknown, never zero."""

    wallet = models.ForeignKey("wallets.Wallet", on_delete=models.CASCADE, related_name="balances")
    token = models.ForeignKey("wallets.Token", on_delete=models.CASCADE, related_name="balances")
    amount = AmountField(null=True, blank=True)
    snapshot = models.ForeignKey(BalanceSnapshot, on_delete=models.PROTECT, related_name="balances")

    class Meta:
        ordering = ("wallet", "token")
        constraints = (models.UniqueConstraint(fields=("wallet", "token"), name="balance_once"),)
        indexes = (models.Index(fields=("token",), name="balance_of_token"),)

    def __str__(self) -> str:
        return f"{self.token} of {self.wallet}"


class BalancePoint(models.Model):
    """A balance that a snapshot found changed; between two points it was the earlier one."""

    snapshot = models.ForeignKey(BalanceSnapshot, on_delete=models.CASCADE, related_name="points")
    wallet = models.ForeignKey("wallets.Wallet", on_delete=models.CASCADE, related_name="+")
    token = models.ForeignKey("wallets.Token", on_delete=models.CASCADE, related_name="+")
    amount = AmountField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("wallet", "token", "snapshot"), name="balance_point_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.amount} at {self.snapshot_id}"


class MinimumBalance(models.Model):
    """Below this a person is told; a transaction is not kept from anything by it.

    Without a wallet it holds for every wallet that is not retired. All that cover a balance hold.
    """

    wallet = models.ForeignKey(
        "wallets.Wallet",
        on_delete=models.CASCADE,
        related_name="minimums",
        null=True,
        blank=True,
        help_text="Empty for every wallet.",
    )
    token = models.ForeignKey("wallets.Token", on_delete=models.CASCADE, related_name="minimums")
    amount = AmountField(help_text="In base units of the token.")
    enabled = models.BooleanField(default=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("token", "wallet")
        constraints = (
            models.UniqueConstraint(fields=("wallet", "token"), name="minimum_once_a_wallet"),
            models.UniqueConstraint(
                fields=("token",), condition=Q(wallet=None), name="minimum_once_for_all"
            ),
        )

    def __str__(self) -> str:
        return f"{self.token} of {self.wallet or 'every wallet'}"

    def clean(self) -> None:
        """Nothing is below zero: such a minimum would never tell anybody."""
        if self.amount == 0:
            raise ValidationError({"amount": "A minimum is more than zero."})
