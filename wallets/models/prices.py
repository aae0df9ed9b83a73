"""What tokens are worth in US dollars, who says so, and until when that counts."""

from django.db import models

from wallets.addresses import AddressField
from wallets.amounts import AmountField


class PriceSource(models.TextChoices):
    """Who said it, in the order in which they are believed."""

    MANUAL = "manual", "A person"
    CHAINLINK = "chainlink", "Chainlink feed"
    HTTP = "http", "DefiLlama-compatible server"


class Price(models.Model):
    """US dollars for one whole token, as a source last said: `amount` / 10**`decimals`."""

    token = models.ForeignKey("wallets.Token", on_delete=models.CASCADE, related_name="prices")
    source = models.CharField(max_length=10, choices=PriceSource.choices)
    amount = AmountField()
    decimals = models.PositiveSmallIntegerField()
    at = models.DateTimeField(help_text="When it was true, as the source says.")
    # From then on it is unknown: a price nobody renews is no price.
    stale_at = models.DateTimeField()
    read_at = models.DateTimeField()
    detail = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("token", "source")
        constraints = (
            models.UniqueConstraint(fields=("token", "source"), name="price_once_a_source"),
            models.CheckConstraint(
                condition=models.Q(decimals__lte=77), name="price_decimals_fit_amounts"
            ),
        )

    def __str__(self) -> str:
        return f"{self.token} by {self.get_source_display()}"


class PricePoint(models.Model):
    """What a price was at a moment: kept, where `Price` only has the newest."""

    token = models.ForeignKey(
        "wallets.Token", on_delete=models.CASCADE, related_name="price_points"
    )
    source = models.CharField(max_length=10, choices=PriceSource.choices)
    amount = AmountField()
    decimals = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    class Meta:
        ordering = ("token", "-at")
        constraints = (
            models.UniqueConstraint(fields=("token", "source", "at"), name="price_point_once"),
        )
        indexes = (models.Index(fields=("token", "at"), name="price_point_by_time"),)

    def __str__(self) -> str:
        return f"{self.token} at {self.at:%Y-%m-%d %H:%M:%S}"


class PriceFeed(models.Model):
    """A Chainlink feed of a token's price in US dollars; it may stand on another network."""

    token = models.OneToOneField(
        "wallets.Token", on_delete=models.CASCADE, related_name="price_feed"
    )
    network = models.ForeignKey(
        "wallets.Network", on_delete=models.PROTECT, related_name="price_feeds"
    )
    address = AddressField()
    heartbeat_seconds = models.PositiveIntegerField(
        help_text="The feed renews its answer at least this often; an older one is not believed."
    )
    source = models.CharField(max_length=300, help_text="Where the feed's address is published.")
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ("token",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(heartbeat_seconds__gte=1), name="price_feed_has_heartbeat"
            ),
            models.CheckConstraint(
                condition=~models.Q(address="") & ~models.Q(source=""),
                name="price_feed_is_published",
            ),
        )

    def __str__(self) -> str:
        return f"{self.token} by {self.address}"
