"""What spenders may take of wallets' tokens, as last read from a chain."""

from django.db import models
from django.db.models import F, Q

from wallets.addresses import AddressField, HashField
from wallets.amounts import AmountField

# Never used up: what most approvals mean by "unlimited", and what COMP and its like make of it.
# Some tokens count even that down, so the upper half of all numbers is meant.
LEAST_UNLIMITED = 2**255
MOST_OF_96_BITS = 2**96 - 1
# Permit2 keeps amounts of 160 bits and does not count the largest down.
MOST_OF_160_BITS = 2**160 - 1
UNLIMITED = (
    Q(amount__gte=LEAST_UNLIMITED)
    | Q(amount=MOST_OF_96_BITS)
    | (~Q(through="") & Q(amount=MOST_OF_160_BITS))
)


class Allowance(models.Model):
    """What a spender may take of a wallet's token; an amount of null is unknown, never nothing.

    Its row is locked to take it back: no two revocations of the same are under way.
    """

    wallet = models.ForeignKey(
        "wallets.Wallet", on_delete=models.PROTECT, related_name="allowances"
    )
    token = models.ForeignKey("wallets.Token", on_delete=models.PROTECT, related_name="allowances")
    spender = AddressField()
    through = AddressField(
        blank=True,
        default="",
        help_text="The contract that keeps it where the token itself does not: Permit2.",
    )
    amount = AmountField(null=True, blank=True)
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text="Permit2 lets nothing be taken after that."
    )
    block_number = models.PositiveBigIntegerField()
    checked_at = models.DateTimeField()
    revocation = models.OneToOneField(
        "wallets.Transaction",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="allowance",
        help_text="The transaction that last was to take it back.",
    )
    # When the chain is next asked whether the revocation has done it; null: it was, or none is.
    verify_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        permissions = (("operate_allowance", "Can read again and take back"),)
        constraints = (
            models.UniqueConstraint(
                fields=("wallet", "token", "spender", "through"), name="allowance_once"
            ),
        )
        indexes = (
            models.Index(fields=("spender",), name="allowance_of_spender"),
            models.Index(fields=("amount",), name="allowance_by_amount"),
            models.Index(
                fields=("verify_at",),
                condition=Q(verify_at__isnull=False),
                name="allowance_to_verify",
            ),
        )

    def __str__(self) -> str:
        return f"Allowance {self.pk} to {self.spender[:8]}…{self.spender[-6:]}"

    @property
    def is_unlimited(self) -> bool:
        """Whether it is as good as everything there will ever be."""
        amount = self.amount or 0
        largest = {MOST_OF_96_BITS, MOST_OF_160_BITS} if self.through else {MOST_OF_96_BITS}
        return amount >= LEAST_UNLIMITED or amount in largest


class AllowanceScan(models.Model):
    """One reading of every wallet, token and known spender of a network, all at one block.

    It goes wallet by wallet: `wallet_cursor` is the last one done, so that a killed one is gone
    on with. What was found zero and never was anything else has no row of its own: this row says
    that it was asked.
    """

    network = models.ForeignKey(
        "wallets.Network", on_delete=models.CASCADE, related_name="allowance_scans"
    )
    block_number = models.PositiveBigIntegerField()
    block_hash = HashField()
    block_at = models.DateTimeField()
    begun_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    wallet_cursor = models.BigIntegerField(default=0)
    tokens = models.JSONField(default=list, help_text="The rows of the tokens asked about.")
    spenders = models.JSONField(default=list, help_text="The spenders asked about.")
    asked = models.PositiveIntegerField(default=0)
    found = models.PositiveIntegerField(default=0, help_text="Those that were not zero.")
    unknown = models.PositiveIntegerField(default=0, help_text="Those that were not answered.")

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("network", "-id"), name="allowance_scan_latest"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(asked__gte=F("found") + F("unknown")),
                name="allowance_scan_counts_what_it_asked",
            ),
        )

    def __str__(self) -> str:
        return f"Allowances on {self.network} at block {self.block_number}"
