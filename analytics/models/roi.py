"""What the return on what was laid out was when it was last worked out."""

from django.db import models


class RoiReading(models.Model):
    """The newest figures of a campaign, a protocol or a network, by first in, first out.

    Kept for /metrics, which works nothing out; null is unknown.
    """

    class By(models.TextChoices):
        CAMPAIGN = "campaign", "Campaign"
        PROTOCOL = "protocol", "Protocol"
        NETWORK = "network", "Network"

    by = models.CharField(max_length=8, choices=By.choices)
    name = models.CharField(max_length=100, help_text="Its slug.")
    ratio = models.DecimalField(
        max_digits=40,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="What it brought less its costs, over what was laid out.",
    )
    received_cents = models.DecimalField(
        max_digits=40,
        decimal_places=0,
        null=True,
        blank=True,
        help_text="What came from it, in US cents at the prices of then, rounded down.",
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ("by", "name")
        constraints = (models.UniqueConstraint(fields=("by", "name"), name="roi_reading_once"),)

    def __str__(self) -> str:
        return f"{self.get_by_display()} {self.name}"
