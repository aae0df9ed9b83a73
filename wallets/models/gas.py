"""What gas has cost, hour by hour."""

from django.db import models

from wallets.amounts import AmountField


class GasReading(models.Model):
    """What a network asked for gas in an hour, as it was last read in it; in wei per gas."""

    network = models.ForeignKey(
        "wallets.Network", on_delete=models.CASCADE, related_name="gas_readings"
    )
    hour = models.DateTimeField(help_text="When the UTC hour began.")
    price = AmountField(help_text="Wei per gas: base fee and usual tip, or the gas price.")
    at = models.DateTimeField()

    class Meta:
        ordering = ("network", "-hour")
        constraints = (
            models.UniqueConstraint(fields=("network", "hour"), name="gas_reading_once_an_hour"),
        )

    def __str__(self) -> str:
        return f"{self.price} wei per gas on {self.network} at {self.at:%Y-%m-%d %H:%M}"
