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
        indexes = (
            models.Index(fields=("network", "-id"), name="snapshot_latest"),
            models.Index(fields=("taken_at",), name="snapshot_taken"),
        )

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

    It holds for one wallet, for those of a tag or of a group, or for every one; never for a
    retired one. All that cover a balance hold.
    """

    wallet = models.ForeignKey(
        "wallets.Wallet",
        on_delete=models.CASCADE,
        related_name="minimums",
        null=True,
        blank=True,
        help_text="Empty, with no tag and no group, for every wallet.",
    )
    tag = models.ForeignKey(
        "wallets.WalletTag",
        on_delete=models.CASCADE,
        related_name="minimums",
        null=True,
        blank=True,
        help_text="For each wallet that has it.",
    )
    group = models.ForeignKey(
        "wallets.WalletGroup",
        on_delete=models.CASCADE,
        related_name="minimums",
        null=True,
        blank=True,
        help_text="For each wallet in it.",
    )
    token = models.ForeignKey("wallets.Token", on_delete=models.CASCADE, related_name="minimums")
    amount = AmountField(help_text="In base units of the token.")
    enabled = models.BooleanField(default=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("token", "wallet")
        constraints = (
            models.UniqueConstraint(fields=("wallet", "token"), name="minimum_once_a_wallet"),
            models.UniqueConstraint(fields=("tag", "token"), name="minimum_once_a_tag"),
            models.UniqueConstraint(fields=("group", "token"), name="minimum_once_a_group"),
            models.UniqueConstraint(
                fields=("token",),
                condition=Q(wallet=None, tag=None, group=None),
                name="minimum_once_for_all",
            ),
            models.CheckConstraint(
                condition=Q(wallet=None, tag=None)
                | Q(wallet=None, group=None)
                | Q(tag=None, group=None),
                name="minimum_covers_one_kind",
            ),
        )

    def __str__(self) -> str:
        return f"{self.token} of {self.covers}"

    @property
    def covers(self) -> str:
        """Whose balances it is about, in words."""
        if self.tag:
            return f"every wallet tagged {self.tag}"
        return f"every wallet in {self.group}" if self.group else str(self.wallet or "every wallet")

    def clean(self) -> None:
        """Nothing is below zero: such a minimum would never tell anybody."""
        if self.amount == 0:
            raise ValidationError({"amount": "A minimum is more than zero."})
        if sum(one is not None for one in (self.wallet, self.tag, self.group)) > 1:
            raise ValidationError("Choose a wallet, a tag or a group, or none of them for all.")
