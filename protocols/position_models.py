"""What wallets have inside protocols, and owe there, as last read from a chain."""

from django.db import models
from django.db.models import Q

from wallets.addresses import AddressField
from wallets.amounts import AmountField


class PositionReading(models.Model):
    """One wallet in one protocol on one network: when it was read, and how safe its debts are.

    A reading that fails keeps the rows of the one before, and says so.
    """

    wallet = models.ForeignKey(
        "wallets.Wallet", on_delete=models.CASCADE, related_name="position_readings"
    )
    network = models.ForeignKey(
        "wallets.Network", on_delete=models.CASCADE, related_name="position_readings"
    )
    protocol = models.ForeignKey(
        "protocols.Protocol", on_delete=models.CASCADE, related_name="position_readings"
    )
    read_at = models.DateTimeField(
        null=True, blank=True, help_text="When all of it was last read; empty for never."
    )
    whole = models.BooleanField(default=False, help_text="The last try read all of it.")
    problem = models.CharField(max_length=300, blank=True)
    health_factor = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="In ten-thousandths; empty where nothing is owed."
    )
    health_known = models.BooleanField(
        default=False, help_text="The health factor was read; else it is unknown, not none."
    )
    changed_at = models.DateTimeField(
        null=True, blank=True, help_text="When a run may last have changed it."
    )
    # When it is read next.
    look_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ("wallet", "network", "protocol")
        constraints = (
            models.UniqueConstraint(
                fields=("wallet", "network", "protocol"), name="position_reading_once"
            ),
            models.CheckConstraint(
                condition=Q(whole=False) | Q(read_at__isnull=False),
                name="position_whole_was_read",
            ),
        )
        indexes = (models.Index(fields=("look_at",), name="position_reading_due"),)

    def __str__(self) -> str:
        return f"{self.wallet} in {self.protocol} on {self.network.slug}"


class PositionRow(models.Model):
    """A part of what a reading found, in base units of a token; null where that is unknown."""

    reading = models.ForeignKey(PositionReading, on_delete=models.CASCADE, related_name="rows")
    kind = models.CharField(max_length=10, help_text="supplied, borrowed, liquidity, staked, …")
    token = AddressField(blank=True, help_text="Empty for the native coin.")
    token_known = models.BooleanField(default=True, help_text="It is known of which token it is.")
    amount = AmountField(null=True, blank=True)
    what = models.CharField(max_length=300)

    class Meta:
        ordering = ("reading", "id")

    def __str__(self) -> str:
        return self.what
